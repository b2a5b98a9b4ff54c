import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, callErrorOf } from '../../api/call.ts';
import { createApplication } from '../../api/consumers.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/small.tsx';
import { TEXTS as COMMON } from '../../texts.ts';
import { ownerFor, problemOfName } from './new-application.ts';
import { SecretOnce } from './secret-once.tsx';
import { TEXTS } from './texts.ts';

export interface NewApplicationProps {
  readonly namespaces: readonly string[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Makes a client application, and tells its secret once. */
export function NewApplication({ namespaces, onClose, onDone }: NewApplicationProps): JSX.Element {
  const [name, setName] = useState('');
  const [displayName, setDisplayName] = useState('');
  const [namespace, setNamespace] = useState(namespaces[0] ?? '');
  const [fault, setFault] = useState<string>();
  const [isSending, setSending] = useState(false);
  const [made, setMade] = useState<{ readonly clientId: string | undefined; readonly secret: string }>();
  const send = async (): Promise<void> => {
    const problem = problemOfName(name);
    if (problem !== undefined) return setFault(problem);
    setSending(true);
    try {
      const answer = await call(createApplication, { name, namespace, displayName, ...ownerFor(namespace) });
      onDone();
      setMade({ clientId: answer.application?.clientId, secret: answer.secret ?? '' });
    } catch (error) {
      setFault(callErrorOf(error).message);
      setSending(false);
    }
  };
  if (made !== undefined) {
    return (
      <Dialog
        title={`${displayName || name} is there`}
        onClose={onClose}
        actions={
          <button type="button" class="main" onClick={onClose}>
            Done
          </button>
        }
      >
        <SecretOnce clientId={made.clientId} secret={made.secret} />
      </Dialog>
    );
  }
  return (
    <Dialog title={TEXTS.newApplication} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isSending) void send();
        }}
      >
        <Field id="new-name" label="Name" help="Small letters, digits and dashes, such as web-shop." fault={fault}>
          <input
            id="new-name"
            value={name}
            autocomplete="off"
            spellcheck={false}
            aria-describedby="new-name-help new-name-fault"
            onInput={({ currentTarget }) => {
              setName(currentTarget.value);
              setFault(undefined);
            }}
          />
        </Field>
        <Field id="new-display" label="Display name" help="What people read in its place. It may be empty.">
          <input
            id="new-display"
            value={displayName}
            maxLength={253}
            onInput={({ currentTarget }) => setDisplayName(currentTarget.value)}
          />
        </Field>
        {namespaces.length > 1 && (
          <Field id="new-namespace" label="Namespace">
            <select
              id="new-namespace"
              value={namespace}
              onChange={({ currentTarget }) => setNamespace(currentTarget.value)}
            >
              {namespaces.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </Field>
        )}
        <div class="actions">
          <button type="button" onClick={onClose}>
            {COMMON.cancel}
          </button>
          <button type="submit" class="main" disabled={isSending}>
            Create
          </button>
        </div>
      </form>
    </Dialog>
  );
}
