import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ResourceJson } from '../../../gen/ostiary/v1/resources_pb.js';
import { listResources } from '../api/methods.ts';
import { useCall } from '../api/use-call.ts';
import { Icon } from '../parts/icon.tsx';
import { Given } from '../parts/small.tsx';
import { TEXTS } from '../texts.ts';
import { shownGroups } from './menu.tsx';
import { addressOf, FOUND_KINDS } from './places.ts';
import { go } from './router.ts';

const isOpen = signal(false);
const TYPING_MS = 120;
const MOST_FOUND = 8;

export function openPalette(): void {
  isOpen.value = true;
}

/** Goes to views, APIs and applications: by `/`, or Ctrl-K. */
export function Palette(): JSX.Element | null {
  useEffect(() => {
    const open = (event: KeyboardEvent): void => {
      const isByLetter = event.key === 'k' && (event.ctrlKey || event.metaKey);
      if (!isByLetter && !(event.key === '/' && !isTyping(event))) return;
      event.preventDefault();
      isOpen.value = true;
    };
    addEventListener('keydown', open);
    return () => removeEventListener('keydown', open);
  }, []);
  return isOpen.value ? <Finding /> : null;
}

function isTyping({ altKey, ctrlKey, metaKey, target }: KeyboardEvent): boolean {
  if (altKey || ctrlKey || metaKey) return true;
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable], dialog') !== null;
}

interface Found {
  readonly href: string;
  readonly text: string;
  /** Where it belongs. */
  readonly beside: string;
}

function Finding(): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const found = useFound(text);
  const current = Math.min(at, found.length - 1);
  useLayoutEffect(() => {
    element.current?.showModal();
  }, []);
  useEffect(() => {
    element.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  const choose = (chosen: Found | undefined): void => {
    if (chosen === undefined) return;
    element.current?.close();
    go(chosen.href);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setAt((current + step + found.length) % Math.max(1, found.length));
    else if (event.key === 'Enter') choose(found[current]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={element}
      class="palette"
      aria-label={TEXTS.find}
      onClose={() => (isOpen.value = false)}
      onClick={(event) => event.target === event.currentTarget && event.currentTarget.close()}
    >
      <div class="palette-head">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label={TEXTS.find}
          aria-controls="palette-list"
          aria-expanded="true"
          aria-activedescendant={found.length > 0 ? `palette-${current}` : undefined}
          autocomplete="off"
          spellcheck={false}
          placeholder={TEXTS.findHelp}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <ul id="palette-list" role="listbox" aria-label={TEXTS.find}>
        {found.map(({ beside, href, text: name }, place) => (
          <li
            key={href}
            id={`palette-${place}`}
            role="option"
            aria-selected={place === current}
            onMouseMove={() => setAt(place)}
            onClick={() => choose(found[place])}
          >
            <Given text={name} />
            <span class="quiet">
              <bdi>{beside}</bdi>
            </span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="palette-none">{TEXTS.foundNothing}</p>}
    </dialog>
  );
}

/** Views whose name has the words; APIs and applications that the control plane finds. */
function useFound(text: string): readonly Found[] {
  const [asked, setAsked] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const views = shownGroups().flatMap(({ items, text: group }) =>
    items.map((item): Found => ({ href: item.href, text: item.text, beside: group })),
  );
  const listed = useCall(
    listResources,
    asked === ''
      ? undefined
      : { kinds: FOUND_KINDS, search: asked, fields: ['metadata.displayName'], pageSize: MOST_FOUND },
    { follows: [] },
  );
  const resources = words.length === 0 ? [] : (listed.data?.resources ?? []);
  return [
    ...views.filter((view) => words.every((word) => `${view.text} ${view.beside}`.toLowerCase().includes(word))),
    ...resources.flatMap(foundOf),
  ];
}

function foundOf({ document, kind = '', name = '', namespace = '' }: ResourceJson): readonly Found[] {
  const href = addressOf(kind, namespace, name);
  if (href === undefined) return [];
  const metadata = (document as { metadata?: { displayName?: unknown } } | undefined)?.metadata;
  const shown = typeof metadata?.displayName === 'string' ? metadata.displayName : name;
  return [{ href, text: shown, beside: `${TEXTS.kinds[kind] ?? kind} · ${namespace}` }];
}
