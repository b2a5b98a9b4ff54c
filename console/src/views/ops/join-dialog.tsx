import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CreateSidecarTokenResponseJson } from '../../../../gen/ostiary/v1/sidecars_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Code, Field, Time } from '../../parts/small.tsx';
import { TEXTS as SHARED } from '../../texts.ts';
import { createSidecarToken } from './methods.ts';
import { TEXTS } from './texts.ts';

const LIVES: readonly (readonly [seconds: string, text: string])[] = [
  ['3600', 'an hour'],
  ['86400', 'a day'],
  ['2592000', '30 days'],
  ['31536000', 'a year'],
];

/** Makes a token that sidecars join with, and shows it once. */
export function JoinDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [name, setName] = useState('');
  const [ttl, setTtl] = useState('3600');
  const [uses, setUses] = useState('1');
  const [namespaces, setNamespaces] = useState('');
  const [fault, setFault] = useState<string>();
  const [made, setMade] = useState<CreateSidecarTokenResponseJson>();
  const [isBusy, setBusy] = useState(false);
  const make = async (): Promise<void> => {
    setBusy(true);
    setFault(undefined);
    const seen = namespaces.split(/[\s,]+/).filter(Boolean);
    try {
      const mostUses = Math.max(0, Math.trunc(Number(uses)) || 0);
      setMade(
        await call(createSidecarToken, {
          name,
          ttl: `${ttl}s`,
          mostUses,
          ...(seen.length > 0 && { scope: { namespaces: seen } }),
        }),
      );
    } catch (error) {
      setFault(callErrorOf(error).message);
    } finally {
      setBusy(false);
    }
  };
  if (made !== undefined) {
    return (
      <Dialog
        title="The token"
        onClose={onClose}
        actions={
          <button type="button" class="main" onClick={onClose}>
            I have kept it
          </button>
        }
      >
        <p>
          It is shown only now, and ends <Time at={made.expires} />.
        </p>
        <Code text={made.token ?? ''} label="The token" />
        <p class="quiet">Keep it in a file such as join-token that only the sidecar may read, and start the sidecar:</p>
        <Code
          text={`ostiary serve --control ${location.origin} --control-token-file join-token --cache-dir cache`}
          label="How a sidecar starts"
        />
      </Dialog>
    );
  }
  return (
    <Dialog
      title={TEXTS.join}
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {SHARED.cancel}
          </button>
          <button type="button" class="main" disabled={isBusy || name === ''} onClick={() => void make()}>
            {TEXTS.makeToken}
          </button>
        </>
      }
    >
      <p class="quiet">{TEXTS.joinHelp}</p>
      <Field label="What it is for" id="join-name" fault={fault}>
        <input
          id="join-name"
          value={name}
          placeholder="such as cluster-eu"
          aria-describedby="join-name-fault"
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </Field>
      <Field label="Sidecars may join with it for" id="join-ttl">
        <select id="join-ttl" value={ttl} onChange={({ currentTarget }) => setTtl(currentTarget.value)}>
          {LIVES.map(([seconds, text]) => (
            <option key={seconds} value={seconds}>
              {text}
            </option>
          ))}
        </select>
      </Field>
      <Field label="How many may join with it" id="join-uses" help="0: any number.">
        <input
          id="join-uses"
          type="number"
          min="0"
          value={uses}
          aria-describedby="join-uses-help"
          onInput={({ currentTarget }) => setUses(currentTarget.value)}
        />
      </Field>
      <Field label="They see the namespaces" id="join-scope" help="Empty: all of them.">
        <input
          id="join-scope"
          value={namespaces}
          placeholder="shop, payments"
          aria-describedby="join-scope-help"
          onInput={({ currentTarget }) => setNamespaces(currentTarget.value)}
        />
      </Field>
    </Dialog>
  );
}
