import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, callErrorOf } from '../../api/call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { toast } from '../../parts/toasts.tsx';
import { go } from '../../shell/router.ts';
import { TEXTS as SHARED } from '../../texts.ts';
import { forgetSidecar } from './methods.ts';
import { TEXTS } from './texts.ts';

export function ForgetDialog({ node, onClose }: { readonly node: string; readonly onClose: () => void }): JSX.Element {
  const [fault, setFault] = useState<string>();
  const forget = async (): Promise<void> => {
    try {
      await call(forgetSidecar, { node });
      onClose();
      toast(`${node} is forgotten.`);
      go('/sidecars');
    } catch (error) {
      setFault(callErrorOf(error).message);
    }
  };
  return (
    <Dialog
      title={`Forget ${node}`}
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {SHARED.cancel}
          </button>
          <button type="button" class="danger" onClick={() => void forget()}>
            {TEXTS.forget}
          </button>
        </>
      }
    >
      <p>{TEXTS.forgetHelp}</p>
      {fault !== undefined && (
        <p class="fault" role="alert">
          <bdi>{fault}</bdi>
        </p>
      )}
    </Dialog>
  );
}
