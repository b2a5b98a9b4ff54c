import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { callErrorOf } from '../../api/call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { TEXTS as SHARED } from '../../texts.ts';

export interface ConfirmProps {
  readonly title: string;
  /** On the button that does it. */
  readonly text: string;
  readonly isDangerous?: boolean;
  readonly isReady?: boolean;
  readonly act: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Asks before something is done; what goes wrong is told in it, and what was typed stays. */
export function ConfirmDialog(props: ConfirmProps): JSX.Element {
  const { act, children, isDangerous = false, isReady = true, onClose, text, title } = props;
  const [fault, setFault] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const confirm = async (): Promise<void> => {
    if (isBusy || !isReady) return;
    setBusy(true);
    setFault(undefined);
    try {
      await act();
    } catch (error) {
      setFault(callErrorOf(error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <button type="button" onClick={onClose}>
            {SHARED.cancel}
          </button>
          <button
            type="button"
            class={isDangerous ? 'danger' : 'main'}
            disabled={isBusy || !isReady}
            onClick={() => void confirm()}
          >
            {text}
          </button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        {children}
        {fault !== undefined && (
          <p class="fault" role="alert">
            <bdi>{fault}</bdi>
          </p>
        )}
      </form>
    </Dialog>
  );
}
