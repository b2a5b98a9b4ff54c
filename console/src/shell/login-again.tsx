import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Page } from '../parts/page.tsx';
import { TEXTS } from '../texts.ts';
import { isOver, LOGIN_BESIDE, lookAgain, tellLogin } from './session.ts';

const LOOK_EVERY_MS = 3000;

/** The session has ended while the page is open. Nothing of the page goes: whoever logs in again goes on where they were. */
export function LoginAgain(): JSX.Element | null {
  return isOver.value ? <Asking /> : null;
}

function Asking(): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    element.current?.showModal();
    const timer = setInterval(() => void lookAgain(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    // Escape would leave a page behind it that can't do anything.
    <dialog ref={element} class="dialog" aria-labelledby="login-again" onCancel={(event) => event.preventDefault()}>
      <header class="dialog-head">
        <h2 id="login-again">{TEXTS.over}</h2>
      </header>
      <p>{TEXTS.overHelp}</p>
      <footer class="actions">
        <a class="button main" href={LOGIN_BESIDE} target="ostiary-login">
          {TEXTS.logInAgain}
        </a>
      </footer>
    </dialog>
  );
}

/** What the window shows in which somebody has logged in again, if it may not close itself. */
export function LoggedIn(): JSX.Element {
  useEffect(() => {
    tellLogin();
    close();
  }, []);
  return <Page title={TEXTS.loggedIn} lead={TEXTS.loggedInHelp} />;
}
