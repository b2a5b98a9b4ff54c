import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { proposalOf } from '../../forms/open-api.ts';
import type { Proposed } from '../../forms/open-api.ts';
import { TEXTS as SHARED } from '../../texts.ts';

/** As large as a Specification may be. */
const MOST_BYTES = 1024 * 1024;
const TOO_LARGE = 'It has more than a megabyte: a specification may have one at most';

interface SpecificationInputProps {
  readonly action: string;
  readonly onGiven: (text: string, proposed: Proposed) => void;
  readonly onCancel: () => void;
}

/** A specification from a file or typed in, and what is read from it. */
export function SpecificationInput({ action, onCancel, onGiven }: SpecificationInputProps): JSX.Element {
  const [text, setText] = useState('');
  const [fault, setFault] = useState<string>();
  const isLarge = text.length > MOST_BYTES;
  const read = useMemo(() => (text.trim() === '' || isLarge ? undefined : proposalOf(text)), [text]);
  const problem =
    fault ?? (isLarge ? TOO_LARGE : undefined) ?? (read !== undefined && 'problem' in read ? read.problem : undefined);
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (file.size > MOST_BYTES) return setFault(TOO_LARGE);
    setFault(undefined);
    setText(await file.text());
  };
  return (
    <section
      class="own-drop"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void take(event.dataTransfer?.files[0]);
      }}
    >
      <p>
        <label class="button">
          Choose a file
          <input
            type="file"
            class="unseen"
            accept=".yaml,.yml,.json,application/json,application/yaml"
            onChange={({ currentTarget }) => void take(currentTarget.files?.[0])}
          />
        </label>{' '}
        <span class="quiet">or drop it here, or paste it below. OpenAPI, YAML or JSON.</span>
      </p>
      <textarea
        class="yaml own-paste"
        aria-label="The specification"
        rows={12}
        wrap="off"
        spellcheck={false}
        value={text}
        placeholder={'openapi: 3.1.0\ninfo:\n  title: Orders\n…'}
        onInput={({ currentTarget }) => {
          setFault(undefined);
          setText(currentTarget.value);
        }}
      />
      {problem !== undefined && (
        <p class="fault" role="alert">
          {problem}
        </p>
      )}
      {read !== undefined && !('problem' in read) && (
        <p role="status">
          <strong>
            <bdi>{read.title}</bdi>
          </strong>{' '}
          {read.version && <span class="quiet">{read.version}</span>},{' '}
          {read.routes.length === 1 ? '1 route' : `${read.routes.length} routes`}
          {read.hosts.length > 0 && (
            <>
              , at <bdi>{read.hosts.join(', ')}</bdi>
            </>
          )}
        </p>
      )}
      <p class="own-actions">
        <button
          type="button"
          class="main"
          disabled={read === undefined || problem !== undefined}
          onClick={() => read !== undefined && !('problem' in read) && onGiven(text, read)}
        >
          {action}
        </button>
        <button type="button" onClick={onCancel}>
          {SHARED.cancel}
        </button>
      </p>
    </section>
  );
}
