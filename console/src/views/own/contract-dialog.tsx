import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ResourceJson } from '../../../../gen/ostiary/v1/resources_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import type { Method } from '../../api/call.ts';
import { forgetAnswers, useCall } from '../../api/use-call.ts';
import { limitsWords } from '../../forms/limits-words.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Field, Given, Time } from '../../parts/small.tsx';
import { TEXTS as SHARED } from '../../texts.ts';
import { qualified } from './addresses.ts';
import { specOf, State } from './contract-state.tsx';
import { changeTier, queryRequests, restore, revoke, setExpiry } from './own-methods.ts';
import { Receipt } from './receipt.tsx';
import { TEXTS } from './texts.ts';
import { count, percent } from './traffic.tsx';

interface ContractDialogProps {
  readonly contract: ResourceJson;
  readonly tiers: readonly Readonly<Record<string, unknown>>[];
  readonly mayDecide: boolean;
  readonly onClose: () => void;
}

interface Answer {
  readonly revision?: string;
}

type Deed = 'revoke' | 'restore' | 'tier' | 'expiry';

/** One contract: what it has used, and what may become of it, with the receipt of the sidecars. */
export function ContractDialog({ contract, mayDecide, onClose, tiers }: ContractDialogProps): JSX.Element {
  const { name = '', namespace = '' } = contract;
  const spec = specOf(contract);
  const status = spec.status ?? 'pending';
  const [deed, setDeed] = useState<Deed>();
  const [tier, setTier] = useState(spec.tier ?? '');
  const [ends, setEnds] = useState((spec.expiresAt ?? '').slice(0, 16));
  const [reason, setReason] = useState('');
  const [fault, setFault] = useState<string>();
  const [done, setDone] = useState<{ readonly words: string; readonly revision: string }>();
  const client = spec.clientApplication ?? '';
  const usage = useCall(queryRequests, {
    time: { last: '604800s' },
    where: [{ dimension: 'contract', values: [qualified(namespace, name)] }],
    by: ['outcome'],
    limit: 20,
  });
  const total = Number(usage.data?.total?.count ?? 0);
  const denied = Number(usage.data?.total?.denials ?? 0);
  const act = async (): Promise<void> => {
    const key = { namespace, name, reason, expectedRevision: contract.revision ?? '0' };
    const calls: Readonly<Record<Deed, readonly [Method<never, Answer>, object, string]>> = {
      revoke: [revoke as Method<never, Answer>, key, 'Revoked: it lets nothing pass any more.'],
      restore: [restore as Method<never, Answer>, key, 'Restored: it is in force again.'],
      tier: [changeTier as Method<never, Answer>, { ...key, tier }, `Asked for tier ${tier}.`],
      expiry: [
        setExpiry as Method<never, Answer>,
        { ...key, ...(ends !== '' && { expires: new Date(ends).toISOString() }) },
        ends === '' ? 'It does not end.' : 'It ends then.',
      ],
    };
    if (deed === undefined) return;
    const [method, request, words] = calls[deed];
    try {
      const { revision = '0' } = await call(method, request as never);
      forgetAnswers();
      setDone({ words, revision });
      setDeed(undefined);
      setReason('');
      setFault(undefined);
    } catch (error) {
      const told = callErrorOf(error);
      setFault(
        told.code === 'aborted'
          ? `${told.message}. What is shown here is as it is now: look, and try again.`
          : told.message,
      );
    }
  };
  return (
    <Dialog
      title={client}
      onClose={onClose}
      actions={
        deed !== undefined && (
          <>
            <button type="button" onClick={() => setDeed(undefined)}>
              {SHARED.cancel}
            </button>
            <button type="button" class={deed === 'revoke' ? 'danger' : 'main'} onClick={() => void act()}>
              {{ revoke: 'Revoke', restore: 'Restore', tier: 'Move to this tier', expiry: 'Set the end' }[deed]}
            </button>
          </>
        )
      }
    >
      <p>
        <State spec={spec} /> <Given text={qualified(namespace, name)} />
      </p>
      {done !== undefined && (
        <div class="own-done" role="status">
          <strong>{done.words}</strong>
          <Receipt revision={done.revision} />
        </div>
      )}
      <dl class="own-facts">
        <div>
          <dt>Tier</dt>
          <dd>
            <Given text={spec.tier} />{' '}
            <span class="quiet">{limitsWords(tiers.find((each) => each['name'] === spec.tier)?.['limits'])}</span>
          </dd>
        </div>
        <div>
          <dt>Ends</dt>
          <dd>{spec.expiresAt === undefined ? 'never' : <Time at={spec.expiresAt} />}</dd>
        </div>
        <div>
          <dt>Last 7 days</dt>
          <dd>
            {count(total)} requests, {percent(denied, total)} refused
          </dd>
        </div>
      </dl>
      {mayDecide && deed === undefined && (
        <p class="own-actions">
          {status === 'approved' && (
            <button type="button" class="danger" onClick={() => setDeed('revoke')}>
              Revoke…
            </button>
          )}
          {status === 'revoked' && (
            <button type="button" onClick={() => setDeed('restore')}>
              Restore…
            </button>
          )}
          {tiers.length > 1 && status !== 'revoked' && status !== 'rejected' && (
            <button type="button" onClick={() => setDeed('tier')}>
              Change tier…
            </button>
          )}
          {(status === 'approved' || status === 'revoked') && (
            <button type="button" onClick={() => setDeed('expiry')}>
              Set an end…
            </button>
          )}
        </p>
      )}
      {deed === 'revoke' && (
        <p class="own-note bad">
          From the moment that the sidecars enforce it, requests of this application are refused (401).{' '}
          {total > 0 ? `It has sent ${count(total)} in the last 7 days.` : 'It has sent none in the last 7 days.'}
        </p>
      )}
      {deed === 'tier' && (
        <Field
          label="Tier"
          id="own-tier"
          help="If the tier wants approval, it waits for that. Until then the contract stays as it is."
        >
          <select id="own-tier" value={tier} onChange={({ currentTarget }) => setTier(currentTarget.value)}>
            {tiers.map((each) => (
              <option key={String(each['name'])} value={String(each['name'])}>
                {String(each['name'])}: {limitsWords(each['limits'])}
              </option>
            ))}
          </select>
        </Field>
      )}
      {deed === 'expiry' && (
        <Field label="Ends at" id="own-ends" help="In your time zone. Empty: it does not end.">
          <input
            id="own-ends"
            type="datetime-local"
            value={ends}
            onInput={({ currentTarget }) => setEnds(currentTarget.value)}
          />
        </Field>
      )}
      {deed !== undefined && (
        <Field label={TEXTS.reason} id="own-why" help={TEXTS.reasonHelp} fault={fault}>
          <input id="own-why" value={reason} onInput={({ currentTarget }) => setReason(currentTarget.value)} />
        </Field>
      )}
    </Dialog>
  );
}
