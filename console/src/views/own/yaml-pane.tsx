import type { JSX } from 'preact';
import { useEffect, useId, useMemo, useRef } from 'preact/hooks';
import { linesIn } from '../../forms/yaml-draft.ts';
import type { Lines } from '../../forms/yaml-draft.ts';
import { placeWords } from '../../forms/paths.ts';
import type { Path } from '../../forms/inputs.ts';
import type { Draft } from './draft.ts';

/** More faults at once have few causes. */
const MOST_SHOWN = 50;

export interface YamlPaneProps {
  readonly draft: Draft;
  readonly isReadOnly?: boolean;
  /** What is edited beside it: its lines stand out. */
  readonly focus?: Path;
}

/** The document as YAML, with its faults at their lines. */
export function YamlPane({ draft, focus, isReadOnly = false }: YamlPaneProps): JSX.Element {
  const text = draft.text.value;
  const lines = text.split('\n').length;
  const syntax = draft.fault.value;
  const linesOf = useMemo(() => linesIn(text), [text]);
  const faults = draft.checked.value.faults;
  const placed = faults.slice(0, MOST_SHOWN).map((fault) => Object.assign({ lines: linesOf(fault.path) }, fault));
  const marks = new Map<number, string>();
  for (const { isWarning, lines: at } of placed) marks.set(at.first, isWarning ? 'warned' : 'faulty');
  if (syntax !== undefined) marks.set(syntax.line, 'faulty');
  const part: Lines | undefined = focus === undefined || syntax !== undefined ? undefined : linesOf(focus);
  const box = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const showLine = (line: number): void => {
    const { current } = area;
    if (current === null) return;
    const from =
      text
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0);
    current.focus();
    current.setSelectionRange(from, from);
    box.current?.scrollTo({ top: Math.max(0, (line - 4) * lineHeight(current)) });
  };
  useEffect(() => {
    if (part !== undefined && area.current !== null)
      box.current?.scrollTo({ top: Math.max(0, (part.first - 3) * lineHeight(area.current)) });
  }, [focus?.join('/')]);
  return (
    <section class="own-yaml" aria-label="YAML">
      <div class="own-yaml-box" ref={box}>
        <ol class="own-gutter" aria-hidden="true">
          {Array.from({ length: lines }, (_, at) => {
            const isPart = part !== undefined && at + 1 >= part.first && at + 1 <= part.last;
            return <li key={at} class={[marks.get(at + 1), isPart && 'part'].filter(Boolean).join(' ')} />;
          })}
        </ol>
        <textarea
          ref={area}
          class="yaml"
          aria-label="The document as YAML"
          aria-describedby={id}
          wrap="off"
          rows={lines + 1}
          spellcheck={false}
          autocomplete="off"
          readOnly={isReadOnly}
          value={text}
          onInput={({ currentTarget }) => {
            draft.text.value = currentTarget.value;
          }}
        />
      </div>
      <ul class="own-faults" id={id}>
        {syntax !== undefined && (
          <li class="fault">
            <button type="button" class="plain" onClick={() => showLine(syntax.line)}>
              Line {syntax.line}
            </button>{' '}
            {syntax.message}. The form waits until this can be read.
          </li>
        )}
        {syntax === undefined &&
          placed.map(({ file, isWarning, lines: at, message, path }, place) => (
            <li key={place} class={isWarning ? 'own-warning' : 'fault'}>
              {path.length > 0 && (
                <button type="button" class="plain" onClick={() => showLine(at.first)}>
                  Line {at.first}
                </button>
              )}{' '}
              <bdi>{path.length > 0 ? placeWords(draft.value.value, path) : file}</bdi> <bdi>{message}</bdi>
            </li>
          ))}
        {faults.length > MOST_SHOWN && <li class="quiet">and {faults.length - MOST_SHOWN} more</li>}
      </ul>
    </section>
  );
}

function lineHeight(area: HTMLTextAreaElement): number {
  return Number.parseFloat(getComputedStyle(area).lineHeight) || 20;
}
