import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { isSame } from '../../forms/inputs.ts';
import { blankOf, isRecord } from '../../forms/node.ts';
import type { FormNode } from '../../forms/node.ts';
import { Icon } from '../../parts/icon.tsx';
import { idOf } from './form-props.ts';
import type { FormProps } from './form-props.ts';

/** Draws a value within: the forms of items are those of any other value. */
interface Within {
  readonly draw: (props: FormProps) => JSX.Element;
}

/** A list: texts one a line, anything else one below the other. */
export function ListView(props: FormProps & Within & { readonly item: FormNode }): JSX.Element {
  const { draw, item, label, onChange, path, value } = props;
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const isPlain = item.kind === 'text' && !item.isSecret && list.every((each) => isLine(each));
  if (isPlain) return <Lines {...props} lines={list as readonly string[]} />;
  const remove = (at: number): void => {
    const next = list.filter((_, place) => place !== at);
    onChange(path, next.length === 0 ? undefined : next);
  };
  return (
    <div class="own-list">
      {list.map((each, at) => (
        <div key={at} class="own-item">
          <div class="own-item-body">
            {draw({ ...props, node: item, path: [...path, at], value: each, ifAbsent: undefined })}
          </div>
          <button
            type="button"
            class="plain square"
            aria-label={`Remove ${label} ${at + 1}`}
            onClick={() => remove(at)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button type="button" class="own-add" onClick={() => onChange([...path, list.length], blankOf(item))}>
        Add to {label.toLowerCase() === label.toUpperCase() ? label : label.slice(0, 1).toLowerCase() + label.slice(1)}
      </button>
    </div>
  );
}

function isLine(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.trim() === value && !/[\r\n]/.test(value);
}

function linesIn(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function Lines({
  ifAbsent,
  label,
  lines,
  onChange,
  path,
}: FormProps & { readonly lines: readonly string[] }): JSX.Element {
  const [text, setText] = useState(lines.join('\n'));
  useEffect(() => {
    if (!isSame(linesIn(text), lines)) setText(lines.join('\n'));
  }, [lines.join('\n')]);
  const id = idOf(path);
  return (
    <>
      <textarea
        id={id}
        class="own-lines"
        aria-label={`${label}, one a line`}
        aria-describedby={`${id}-help ${id}-fault`}
        rows={Math.min(12, Math.max(2, text.split('\n').length + 1))}
        value={text}
        spellcheck={false}
        placeholder={Array.isArray(ifAbsent) ? ifAbsent.join('\n') : ''}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          const next = linesIn(currentTarget.value);
          onChange(path, next.length === 0 ? undefined : next);
        }}
      />
      <p class="help">One a line</p>
    </>
  );
}

/** Values by name. */
export function MapView(props: FormProps & Within & { readonly of: FormNode }): JSX.Element {
  const { draw, label, of, onChange, path, value } = props;
  const record = isRecord(value) ? value : {};
  const [name, setName] = useState('');
  const add = (): void => {
    const key = name.trim();
    if (key === '' || Object.hasOwn(record, key)) return;
    onChange([...path, key], blankOf(of));
    setName('');
  };
  const remove = (key: string): void => {
    const rest = Object.fromEntries(Object.entries(record).filter(([each]) => each !== key));
    onChange(path, Object.keys(rest).length === 0 ? undefined : rest);
  };
  return (
    <div class="own-list">
      {Object.entries(record).map(([key, each]) => (
        <div key={key} class="own-item">
          <div class="own-item-body">
            <label class="own-key" for={idOf([...path, key])}>
              <bdi>{key}</bdi>
            </label>
            {draw({ ...props, node: of, path: [...path, key], value: each, label: key, ifAbsent: undefined })}
          </div>
          <button type="button" class="plain square" aria-label={`Remove ${key}`} onClick={() => remove(key)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
      <div class="own-new-key">
        <input
          aria-label={`Name of a new entry of ${label}`}
          placeholder="Name"
          value={name}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            add();
          }}
        />
        <button type="button" onClick={add} disabled={name.trim() === ''}>
          Add
        </button>
      </div>
    </div>
  );
}
