import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CreateAccessTokenResponseJson } from '../../../../gen/ostiary/v1/tokens_pb.js';
import { call } from '../../api/call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Code, Field, Time } from '../../parts/small.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { createAccessToken } from './methods.ts';
import { TEXTS } from './texts.ts';

const DAYS = [7, 30, 90, 365] as const;
const VERBS = ['read', 'write', 'request', 'approve', 'audit', 'administer'] as const;

export interface TokenDialogProps {
  readonly onMade: () => void;
  readonly onClose: () => void;
}

/** Makes a token, and shows it once. */
export function TokenDialog({ onClose, onMade }: TokenDialogProps): JSX.Element {
  const [name, setName] = useState('');
  const [team, setTeam] = useState('');
  const [days, setDays] = useState('90');
  const [verbs, setVerbs] = useState<readonly string[]>([]);
  const [made, setMade] = useState<CreateAccessTokenResponseJson>();
  if (made !== undefined) {
    return (
      <Dialog
        title={made.details?.name ?? name}
        onClose={onClose}
        actions={
          <button type="button" class="main" onClick={onClose}>
            I have kept it
          </button>
        }
      >
        <p>
          It is shown only now, and ends <Time at={made.details?.expires} />.
        </p>
        <Code text={made.token ?? ''} label="The token" />
      </Dialog>
    );
  }
  return (
    <ConfirmDialog
      title={TEXTS.newToken}
      text="Make the token"
      isReady={name !== ''}
      onClose={onClose}
      act={async () => {
        const ttl = `${Number(days) * 86_400}s`;
        const limits = verbs.length === 0 ? {} : { limits: { verbs: [...verbs] } };
        setMade(await call(createAccessToken, { name, team, ttl, ...limits }));
        onMade();
      }}
    >
      <Field label="Name" id="token-name" help="What it is for, such as ci-orders.">
        <input
          id="token-name"
          value={name}
          aria-describedby="token-name-help"
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </Field>
      <Field label="Of the team" id="token-team" help="Empty: it is yours, and may at most what you may.">
        <input
          id="token-team"
          value={team}
          aria-describedby="token-team-help"
          onInput={({ currentTarget }) => setTeam(currentTarget.value.trim())}
        />
      </Field>
      <Field label="It ends after" id="token-days">
        <select id="token-days" value={days} onChange={({ currentTarget }) => setDays(currentTarget.value)}>
          {DAYS.map((each) => (
            <option key={each} value={String(each)}>
              {each} days
            </option>
          ))}
        </select>
      </Field>
      <fieldset class="ops-ticks">
        <legend>It may only (none: all that its owner may)</legend>
        {VERBS.map((verb) => (
          <label key={verb}>
            <input
              type="checkbox"
              checked={verbs.includes(verb)}
              onChange={({ currentTarget: { checked } }) =>
                setVerbs(checked ? [...verbs, verb] : verbs.filter((each) => each !== verb))
              }
            />{' '}
            {verb}
          </label>
        ))}
      </fieldset>
    </ConfirmDialog>
  );
}
