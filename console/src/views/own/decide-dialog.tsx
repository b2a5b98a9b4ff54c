import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { WaitingRequestJson } from '../../../../gen/ostiary/v1/authoring_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import { forgetAnswers } from '../../api/use-call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/small.tsx';
import { TEXTS as SHARED } from '../../texts.ts';
import { approve, reject } from './own-methods.ts';
import { TEXTS } from './texts.ts';

interface DecideProps {
  readonly request: WaitingRequestJson;
  readonly isApproval: boolean;
  readonly onClose: () => void;
  readonly onDone: (words: string, revision: string) => void;
}

export function DecideDialog({ isApproval, onClose, onDone, request: { contract = {} } }: DecideProps): JSX.Element {
  const { api, change, clientApplication, missingApprovals = 1, name = '', namespace = '', revision = '0' } = contract;
  const [reason, setReason] = useState('');
  const [ends, setEnds] = useState('');
  const [fault, setFault] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const decide = async (): Promise<void> => {
    setBusy(true);
    const key = { namespace, name, reason, expectedRevision: revision };
    try {
      const answer = isApproval
        ? await call(approve, { ...key, ...(ends !== '' && { expires: new Date(ends).toISOString() }) })
        : await call(reject, key);
      forgetAnswers();
      onDone(`${clientApplication} ${wordsAfter(isApproval, missingApprovals)} for ${api}.`, answer.revision ?? '0');
    } catch (error) {
      const told = callErrorOf(error);
      setFault(
        told.code === 'aborted' ? `Somebody else has decided or changed it meanwhile: ${told.message}` : told.message,
      );
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={`${isApproval ? TEXTS.approve : TEXTS.reject} ${clientApplication}`}
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {SHARED.cancel}
          </button>
          <button type="button" class={isApproval ? 'main' : 'danger'} disabled={isBusy} onClick={() => void decide()}>
            {isApproval ? TEXTS.approve : TEXTS.reject}
          </button>
        </>
      }
    >
      <p>
        {isApproval
          ? missingApprovals > 1
            ? 'Somebody else has to approve after you. Until then nothing changes.'
            : change === undefined
              ? 'From then on its requests pass, as soon as the sidecars know.'
              : 'From then on the limits of the new tier hold.'
          : change === undefined
            ? 'It may ask again.'
            : 'The contract stays as it is.'}
      </p>
      <Field label={TEXTS.comment} id="own-comment" help={TEXTS.commentHelp} fault={fault}>
        <textarea
          id="own-comment"
          rows={3}
          value={reason}
          aria-describedby="own-comment-help own-comment-fault"
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </Field>
      {isApproval && change === undefined && (
        <Field label="Ends at" id="own-approve-ends" help="Empty: as it was asked for, or never.">
          <input
            id="own-approve-ends"
            type="datetime-local"
            value={ends}
            onInput={({ currentTarget }) => setEnds(currentTarget.value)}
          />
        </Field>
      )}
    </Dialog>
  );
}

function wordsAfter(isApproval: boolean, missing: number): string {
  if (!isApproval) return 'was rejected';
  return missing > 1 ? 'waits for one more approval' : 'was approved';
}
