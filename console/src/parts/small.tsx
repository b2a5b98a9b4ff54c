import type { ComponentChildren, JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { TEXTS } from '../texts.ts';

export type Tone = 'plain' | 'good' | 'warning' | 'bad';

export function Badge({
  tone = 'plain',
  children,
}: {
  readonly tone?: Tone;
  readonly children: ComponentChildren;
}): JSX.Element {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** What somebody else has written, such as a name: its writing direction stays inside. */
export function Given({ text }: { readonly text: string | undefined }): JSX.Element {
  return <bdi class="given">{text}</bdi>;
}

const COPIED_SHOWN_MS = 2000;

/** Text to copy. */
export function Code({ text, label }: { readonly text: string; readonly label?: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const element = useRef<HTMLElement>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), COPIED_SHOWN_MS);
    } catch {
      // Over plain HTTP, or where the reader does not let us: Ctrl-C does it then.
      if (element.current !== null) getSelection()?.selectAllChildren(element.current);
    }
  };
  return (
    <div class="code">
      <pre tabIndex={0} role="group" aria-label={label ?? TEXTS.toCopy}>
        <code ref={element}>{text}</code>
      </pre>
      <button type="button" onClick={() => void copy()} aria-live="polite">
        {isCopied ? TEXTS.copied : TEXTS.copy}
      </button>
    </div>
  );
}

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A moment in the reader's zone. @param at in RFC 3339 */
export function Time({ at }: { readonly at: string | undefined }): JSX.Element | null {
  if (at === undefined) return null;
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return null;
  return (
    <time dateTime={at} title={at}>
      {TIME.format(moment)}
    </time>
  );
}

export interface FieldProps {
  readonly label: string;
  readonly help?: ComponentChildren;
  /** Why the value can't be taken. */
  readonly fault?: string | undefined;
  /** One input, select or textarea with this id. */
  readonly id: string;
  readonly children: ComponentChildren;
}

/** An input with its label, help and fault. The input refers to them: `aria-describedby={`${id}-help ${id}-fault`}`. */
export function Field({ label, help, fault, id, children }: FieldProps): JSX.Element {
  return (
    <div class={fault === undefined ? 'field' : 'field faulty'}>
      <label for={id}>{label}</label>
      {children}
      <FieldNotes help={help} fault={fault} id={id} />
    </div>
  );
}

/** What stands below an input: its help, and its fault. */
export function FieldNotes({ help, fault, id }: Pick<FieldProps, 'fault' | 'help' | 'id'>): JSX.Element {
  return (
    <>
      {help && (
        <p class="help" id={`${id}-help`}>
          {help}
        </p>
      )}
      {fault !== undefined && (
        <p class="fault" id={`${id}-fault`} role="alert">
          {fault}
        </p>
      )}
    </>
  );
}
