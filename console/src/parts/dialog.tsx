import type { ComponentChildren, JSX } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { TEXTS } from '../texts.ts';
import { Icon } from './icon.tsx';

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly isWide?: boolean;
  /** Buttons below, the main one last. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A modal dialog: the browser keeps the focus inside, and Escape closes it. It is open while it is drawn. */
export function Dialog({ title, onClose, isWide = false, actions, children }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={element} class={isWide ? 'dialog wide' : 'dialog'} aria-labelledby={id} onClose={onClose}>
      <header class="dialog-head">
        <h2 id={id}>
          <bdi>{title}</bdi>
        </h2>
        <button class="plain square" type="button" aria-label={TEXTS.close} onClick={() => element.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      {children}
      {actions && <footer class="actions">{actions}</footer>}
    </dialog>
  );
}
