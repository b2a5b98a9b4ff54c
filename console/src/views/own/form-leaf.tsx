import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { isSame, readText, textOf } from '../../forms/inputs.ts';
import { idOf } from './form-props.ts';
import type { FormProps } from './form-props.ts';
import { SecretInput } from './secret-input.tsx';

/** One input, or several boxes to tick. */
export function Leaf(props: FormProps): JSX.Element {
  const { ifAbsent, label, node, onChange, path, value } = props;
  const id = idOf(path);
  const described = `${id}-help ${id}-fault`;
  switch (node.kind) {
    case 'switch': {
      const isOn = (value ?? ifAbsent) === true;
      const isPlain = value === undefined || typeof value === 'boolean';
      if (!isPlain) return <TextInput {...props} />;
      return (
        <label class="own-tick" for={id}>
          <input
            id={id}
            type="checkbox"
            checked={isOn}
            aria-describedby={described}
            onChange={({ currentTarget }) => {
              const next = currentTarget.checked;
              onChange(path, next === (ifAbsent ?? false) && value === undefined ? undefined : next);
            }}
          />
          {label}
        </label>
      );
    }
    case 'choice': {
      const known = value === undefined || node.values.includes(value);
      return (
        <select
          id={id}
          value={textOf(node, value)}
          aria-describedby={described}
          onChange={({ currentTarget }) =>
            onChange(path, currentTarget.value === '' ? undefined : readText(node, currentTarget.value))
          }
        >
          <option value="">{ifAbsent === undefined ? 'Not set' : `Default: ${choiceWord(ifAbsent)}`}</option>
          {node.values.map((each) => (
            <option key={String(each)} value={String(each)}>
              {choiceWord(each)}
            </option>
          ))}
          {!known && <option value={textOf(node, value)}>{textOf(node, value)}</option>}
        </select>
      );
    }
    case 'many': {
      const chosen = Array.isArray(value) ? (value as readonly unknown[]) : [];
      const defaults = Array.isArray(ifAbsent) ? (ifAbsent as readonly unknown[]) : [];
      return (
        <div class="own-many">
          {node.values.map((each) => (
            <label key={String(each)} class="own-tick">
              <input
                type="checkbox"
                checked={(value === undefined ? defaults : chosen).includes(each)}
                onChange={({ currentTarget }) => {
                  const before = value === undefined ? defaults : chosen;
                  const next = currentTarget.checked ? [...before, each] : before.filter((other) => other !== each);
                  onChange(path, next.length === 0 ? undefined : next);
                }}
              />
              {String(each)}
            </label>
          ))}
        </div>
      );
    }
    case 'text':
      if (node.isSecret) return <SecretInput {...props} />;
      return <TextInput {...props} />;
    default:
      return <TextInput {...props} />;
  }
}

function choiceWord(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'Yes' : 'No') : String(value);
}

/** What is typed stays as it is typed: a number half written is no number yet. */
function TextInput({ ifAbsent, label, node, onChange, path, value }: FormProps): JSX.Element {
  const shown = value === undefined ? '' : textOf(node, value);
  const [text, setText] = useState(shown);
  const read = text === '' ? undefined : readText(node, text);
  useEffect(() => {
    // It was changed elsewhere, in the YAML say.
    if (!isSame(read, value === '' ? undefined : value)) setText(shown);
  }, [shown]);
  const id = idOf(path);
  const isItem = typeof path.at(-1) === 'number';
  const type = (next: string): void => {
    setText(next);
    onChange(path, next === '' && !isItem ? undefined : readText(node, next));
  };
  const common = {
    id,
    value: text,
    'aria-describedby': `${id}-help ${id}-fault`,
    placeholder: ifAbsent === undefined || ifAbsent === '' ? '' : textOf(node, ifAbsent),
    spellcheck: false,
    autocomplete: 'off' as const,
    ...(isItem && { 'aria-label': `${label} ${Number(path.at(-1)) + 1}` }),
  };
  if ((node.kind === 'text' && (node.isLong || text.includes('\n'))) || node.kind === 'any')
    return (
      <textarea
        {...common}
        rows={Math.min(16, Math.max(3, text.split('\n').length + 1))}
        onInput={({ currentTarget }) => type(currentTarget.value)}
      />
    );
  return (
    <input
      {...common}
      class={node.kind === 'number' ? 'own-number' : ''}
      inputMode={node.kind === 'number' ? 'decimal' : 'text'}
      onInput={({ currentTarget }) => type(currentTarget.value)}
    />
  );
}
