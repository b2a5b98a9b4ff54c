import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { VerifyResponseJson } from '../../../../gen/ostiary/v1/audit_pb.js';
import { call, callErrorOf } from '../../api/call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Code, Field } from '../../parts/small.tsx';
import { TEXTS as SHARED } from '../../texts.ts';
import { whole } from '../analytics/formats.ts';
import { getHead, verify } from './methods.ts';
import { AUDIT } from './texts.ts';

/** Computes the hashes of the trail anew, and compares them with a head that was kept elsewhere. */
export function VerifyDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [head, setHead] = useState('');
  const [found, setFound] = useState<VerifyResponseJson>();
  const [kept, setKept] = useState('');
  const [fault, setFault] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const act = async (what: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setFault(undefined);
    try {
      await what();
    } catch (error) {
      setFault(callErrorOf(error).message);
    } finally {
      setBusy(false);
    }
  };
  const problems = found?.problems ?? [];
  return (
    <Dialog
      title={AUDIT.verify}
      isWide
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {SHARED.close}
          </button>
          <button
            type="button"
            disabled={isBusy}
            onClick={() => void act(async () => setKept((await call(getHead, {})).head ?? ''))}
          >
            {AUDIT.getHead}
          </button>
          <button
            type="button"
            class="main"
            disabled={isBusy}
            onClick={() => void act(async () => setFound(await call(verify, { head: head.trim() })))}
          >
            {isBusy ? 'Computing…' : AUDIT.verifyNow}
          </button>
        </>
      }
    >
      <p>{AUDIT.verifyHelp}</p>
      <Field label={AUDIT.head} id="audit-head" help={AUDIT.headHelp} fault={fault}>
        <textarea
          id="audit-head"
          class="yaml"
          rows={2}
          value={head}
          aria-describedby="audit-head-help audit-head-fault"
          onInput={({ currentTarget }) => setHead(currentTarget.value)}
        />
      </Field>
      <div role="status">
        {found !== undefined && problems.length === 0 && (
          <p class="ops-fine">
            Everything is as it was written: {whole(Number(found.revision ?? 0))} changes and{' '}
            {whole(Number(found.sequence ?? 0))} events
            {Number(found.firstSequence ?? 0) > 1 && (
              <>, of which those before {whole(Number(found.firstSequence))} were kept long enough and removed</>
            )}
            .
          </p>
        )}
        {problems.length > 0 && (
          <div class="ops-faulty">
            <h3>It is not as it was written</h3>
            <ul>
              {problems.map((problem, at) => (
                <li key={at}>
                  <bdi>{problem}</bdi>
                </li>
              ))}
            </ul>
          </div>
        )}
        {kept !== '' && <Code text={kept} label={AUDIT.head} />}
      </div>
    </Dialog>
  );
}
