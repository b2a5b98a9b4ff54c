import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApplicationEntryJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import type { ReceiptJson } from '../../../../gen/ostiary/v1/receipt_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import { endSecret, killSecrets, rotateSecret } from '../../api/consumers.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Receipt } from '../../parts/receipt.tsx';
import { Field } from '../../parts/small.tsx';
import { TEXTS as COMMON } from '../../texts.ts';
import { SecretOnce } from './secret-once.tsx';

export type SecretDeed = 'rotate' | 'end' | 'kill';

const GRACES: readonly (readonly [text: string, duration: string])[] = [
  ['1 hour', '3600s'],
  ['1 day', '86400s'],
  ['7 days', '604800s'],
  ['30 days', '2592000s'],
  ['none: it ends at once', '0s'],
];

const WORDS: Readonly<Record<SecretDeed, { readonly title: string; readonly button: string; readonly done: string }>> =
  {
    rotate: { title: 'Rotate the secret', button: 'Make a new secret', done: 'The secret is rotated' },
    end: { title: 'End the old secret', button: 'End it now', done: 'The old secret has ended' },
    kill: { title: 'End all secrets and keys', button: 'End all of them', done: 'All secrets have ended' },
  };

export interface SecretDialogProps {
  readonly deed: SecretDeed;
  readonly entry: ApplicationEntryJson;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Does something to the secrets of an application, and tells which sidecars enforce it. */
export function SecretDialog({ deed, entry, onClose, onDone }: SecretDialogProps): JSX.Element {
  const [grace, setGrace] = useState('86400s');
  const [reason, setReason] = useState('');
  const [fault, setFault] = useState<string>();
  const [isSending, setSending] = useState(false);
  const [done, setDone] = useState<{ readonly secret: string; readonly receipt: ReceiptJson | undefined }>();
  const { title, button, done: after } = WORDS[deed];
  const send = async (): Promise<void> => {
    if (deed === 'kill' && reason.trim() === '') return setFault('Say why: the audit trail keeps it.');
    setSending(true);
    try {
      setDone(await act(deed, entry, { grace, reason }));
      onDone();
    } catch (error) {
      setFault(callErrorOf(error).message);
      setSending(false);
    }
  };
  if (done !== undefined) {
    const close = (
      <button type="button" class="main" onClick={onClose}>
        Done
      </button>
    );
    return (
      <Dialog title={after} onClose={onClose} actions={close}>
        {done.secret !== '' && <SecretOnce clientId={undefined} secret={done.secret} />}
        <Receipt of={done.receipt} />
      </Dialog>
    );
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isSending) void send();
        }}
      >
        {deed === 'rotate' && (
          <Field
            id="grace"
            label="How long the old one stays valid"
            help="Time to bring the new one to wherever the old one is used."
          >
            <select id="grace" value={grace} onChange={({ currentTarget }) => setGrace(currentTarget.value)}>
              {GRACES.map(([text, duration]) => (
                <option key={duration} value={duration}>
                  {text}
                </option>
              ))}
            </select>
          </Field>
        )}
        {deed === 'end' && <p>Whoever calls with it is refused from now on. The newest secret stays.</p>}
        {deed === 'kill' && (
          <p>
            <strong>Everything that calls as this application is refused at once.</strong> Its contracts stay: rotate
            afterwards to get a new secret.
          </p>
        )}
        <Field id="secret-reason" label={deed === 'kill' ? 'Why' : 'Why (may be empty)'} fault={fault}>
          <input
            id="secret-reason"
            value={reason}
            maxLength={4000}
            autocomplete="off"
            aria-describedby="secret-reason-fault"
            onInput={({ currentTarget }) => {
              setReason(currentTarget.value);
              setFault(undefined);
            }}
          />
        </Field>
        <div class="actions">
          <button type="button" onClick={onClose}>
            {COMMON.cancel}
          </button>
          <button type="submit" class={deed === 'rotate' ? 'main' : 'danger'} disabled={isSending}>
            {button}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

async function act(
  deed: SecretDeed,
  { application }: ApplicationEntryJson,
  { grace, reason }: { readonly grace: string; readonly reason: string },
): Promise<{ readonly secret: string; readonly receipt: ReceiptJson | undefined }> {
  const { name = '', namespace = '', revision } = application ?? {};
  const common = { name, namespace, reason, wait: '5s' };
  // Somebody else may have rotated it meanwhile.
  const seen = revision === undefined ? {} : { expectedRevision: revision };
  switch (deed) {
    case 'rotate': {
      const { receipt, secret = '' } = await call(rotateSecret, { ...common, ...seen, grace });
      return { secret, receipt };
    }
    case 'end': {
      const { receipt } = await call(endSecret, { ...common, ...seen, secret: 'SECRET_CHOICE_OLD' });
      return { secret: '', receipt };
    }
    default: {
      const { receipt } = await call(killSecrets, common);
      return { secret: '', receipt };
    }
  }
}
