import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ContractEntryJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import { changeTier, describeApi, withdrawContract } from '../../api/consumers.ts';
import { useCall } from '../../api/use-call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/small.tsx';
import { toast } from '../../parts/toasts.tsx';
import { go } from '../../shell/router.ts';
import { TEXTS as COMMON } from '../../texts.ts';
import { TierPicks } from '../api/tier-picks.tsx';
import { TEXTS } from './texts.ts';

export type Change = 'withdraw' | 'tier';

export interface ChangeDialogProps {
  readonly change: Change;
  readonly entry: ContractEntryJson;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Takes back what waits, or asks for another tier. */
export function ChangeDialog({ change, entry, onClose, onDone }: ChangeDialogProps): JSX.Element {
  const { name = '', namespace = '', api = '', revision, tier: present = '' } = entry.contract ?? {};
  const described = useCall(describeApi, change === 'tier' ? { namespace, name: api } : undefined);
  const others = (described.data?.api?.tiers ?? []).filter((each) => each.deprecated !== true && each.name !== present);
  const terms = described.data?.api?.terms?.version;
  const mustAccept = terms !== undefined && terms !== entry.contract?.acceptedTerms;
  const [tier, setTier] = useState('');
  const [reason, setReason] = useState('');
  const [isAccepted, setAccepted] = useState(false);
  const [fault, setFault] = useState<string>();
  const [isSending, setSending] = useState(false);
  const wanted = tier || (others[0]?.name ?? '');
  const send = async (): Promise<void> => {
    if (change === 'tier' && mustAccept && !isAccepted)
      return setFault('Accept the terms of use: its team asks for that.');
    setSending(true);
    const common = { name, namespace, reason, ...(revision !== undefined && { expectedRevision: revision }) };
    try {
      if (change === 'tier') {
        const { contract } = await call(changeTier, {
          ...common,
          tier: wanted,
          ...(mustAccept && { acceptTerms: terms }),
        });
        toast(contract?.tier === wanted ? `The tier is ${wanted} now` : `Tier ${wanted} is asked for`);
      } else {
        const { contract } = await call(withdrawContract, common);
        toast('The request is withdrawn');
        if (contract === undefined) {
          return go('/contracts');
        }
      }
      onDone();
      onClose();
    } catch (error) {
      setFault(callErrorOf(error).message);
      setSending(false);
    }
  };
  return (
    <Dialog title={change === 'tier' ? TEXTS.changeTier : 'Withdraw the request'} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isSending) void send();
        }}
      >
        {change === 'withdraw' ? (
          <p>What waits is taken back. A contract that is in force stays as it is.</p>
        ) : (
          <>
            <p>Until it is approved, the contract stays as it is.</p>
            <TierPicks name="other-tier" tiers={others} picked={wanted} onPick={setTier}>
              {described.data !== undefined && others.length === 0 && <p class="quiet">There is no other tier.</p>}
            </TierPicks>
            {mustAccept && (
              <label class="pick">
                <input type="checkbox" checked={isAccepted} onChange={() => setAccepted(!isAccepted)} />
                <span>I accept the terms of use, version {terms}</span>
              </label>
            )}
          </>
        )}
        <Field id="change-reason" label="Why (may be empty)" fault={fault}>
          <input
            id="change-reason"
            value={reason}
            maxLength={4000}
            autocomplete="off"
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </Field>
        <div class="actions">
          <button type="button" onClick={onClose}>
            {COMMON.cancel}
          </button>
          <button type="submit" class="main" disabled={isSending || (change === 'tier' && wanted === '')}>
            {change === 'tier' ? 'Ask for it' : TEXTS.withdraw}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
