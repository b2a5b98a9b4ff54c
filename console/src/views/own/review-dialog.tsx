import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, callErrorOf } from '../../api/call.ts';
import { applyResources } from '../../api/methods.ts';
import { forgetAnswers } from '../../api/use-call.ts';
import { isBelow, placeWords } from '../../forms/paths.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/small.tsx';
import { TEXTS as SHARED } from '../../texts.ts';
import { Differences } from './differences.tsx';
import type { Draft } from './draft.ts';
import { Impact } from './impact.tsx';
import { proposal } from './proposing.ts';
import { TEXTS } from './texts.ts';

export interface ReviewProps {
  readonly draft: Draft;
  readonly onClose: () => void;
  readonly onWritten?: (revision: string) => void;
}

/** What a draft would change, and whom it concerns; written from here, and nowhere else. */
export function ReviewDialog({ draft, onClose, onWritten }: ReviewProps): JSX.Element {
  const [reason, setReason] = useState('');
  const [fault, setFault] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const { differences, faults, impact } = draft.checked.value;
  const changed = draft.changes();
  // Of what stays as it is, its authors have heard before.
  const warnings = faults.filter(
    ({ isWarning, path }) => isWarning && changed.some((each) => isBelow(path, each) || isBelow(each, path)),
  );
  const write = async (): Promise<void> => {
    setBusy(true);
    setFault(undefined);
    const document = draft.value.value;
    const documents = [proposal(document, draft.base.value.revision), ...draft.beside.value];
    try {
      const answer = await call(applyResources, { documents, reason });
      const [first] = answer.faults ?? [];
      if (first !== undefined) {
        setFault(`${first.field ?? ''}: ${first.message ?? ''}`);
        return;
      }
      const revision = answer.results?.find(({ document: at = 0 }) => at === 0)?.revision ?? answer.revision ?? '0';
      forgetAnswers();
      draft.written.value = answer.revision;
      draft.beside.value = [];
      draft.base.value = { document, revision };
      onClose();
      onWritten?.(revision);
    } catch (error) {
      const told = callErrorOf(error);
      if (told.code === 'aborted') {
        onClose();
        await draft.lookAgain();
        return;
      }
      setFault(told.message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={TEXTS.whatWouldChange}
      isWide
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {SHARED.cancel}
          </button>
          <button type="button" class="main" disabled={isBusy} onClick={() => void write()}>
            {TEXTS.save}
          </button>
        </>
      }
    >
      <Differences differences={differences} />
      <h3>Whom it concerns</h3>
      <Impact impact={impact} />
      {warnings.length > 0 && (
        <ul class="own-faults">
          {warnings.map(({ message, path }, at) => (
            <li key={at} class="own-warning">
              <bdi>{placeWords(draft.value.value, path)}</bdi> <bdi>{message}</bdi>
            </li>
          ))}
        </ul>
      )}
      <Field label={TEXTS.reason} id="own-reason" help={TEXTS.reasonHelp} fault={fault}>
        <input
          id="own-reason"
          value={reason}
          aria-describedby="own-reason-help own-reason-fault"
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !isBusy) void write();
          }}
        />
      </Field>
    </Dialog>
  );
}
