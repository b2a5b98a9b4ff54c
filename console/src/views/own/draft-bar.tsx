import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { TEXTS as SHARED } from '../../texts.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { placeWords } from '../../forms/paths.ts';
import { yamlOf } from '../../forms/yaml-draft.ts';
import type { Draft } from './draft.ts';
import { Receipt } from './receipt.tsx';
import { ReviewDialog } from './review-dialog.tsx';
import { TEXTS } from './texts.ts';

/** What is not saved yet, and the way to save it; after that, which sidecars enforce it. */
export function DraftBar({ draft }: { readonly draft: Draft }): JSX.Element | null {
  const [isOpen, setOpen] = useState(false);
  const { error, faults, isChecking } = draft.checked.value;
  const broken = faults.filter(({ isWarning }) => !isWarning);
  const written = draft.written.value;
  if (!draft.isChanged.value)
    return written === undefined ? null : (
      <div class="own-bar done">
        <strong>Saved.</strong>
        <Receipt revision={written} />
        <button type="button" class="plain" onClick={() => (draft.written.value = undefined)}>
          {SHARED.close}
        </button>
      </div>
    );
  const hasFault = draft.fault.value !== undefined || broken.length > 0;
  const changes = draft.fault.value === undefined ? draft.changes() : [];
  return (
    <>
      <div class="own-bar" role="region" aria-label={TEXTS.unsaved}>
        <span class="own-bar-text" role="status">
          <strong>{TEXTS.unsaved}</strong>{' '}
          <span class={hasFault ? 'fault' : 'quiet'}>
            {draft.fault.value !== undefined
              ? 'the YAML has a fault'
              : broken.length > 0
                ? `${broken.length === 1 ? '1 fault' : `${broken.length} faults`}: ${broken[0]?.message ?? ''}`
                : error !== undefined
                  ? error.message
                  : changes.length === 1
                    ? placeWords(draft.value.value, changes[0] ?? [])
                    : `${changes.length} places differ`}
          </span>
        </span>
        <button type="button" class="plain" onClick={() => draft.discard()}>
          {TEXTS.discard}
        </button>
        <button
          type="button"
          class="main"
          disabled={hasFault || isChecking || error !== undefined || draft.collision.value !== undefined}
          onClick={() => setOpen(true)}
        >
          {TEXTS.review}
        </button>
      </div>
      {isOpen && <ReviewDialog draft={draft} onClose={() => setOpen(false)} />}
      {draft.collision.value !== undefined && <CollisionDialog draft={draft} />}
    </>
  );
}

/** Two have changed the same document: both are shown, and nothing of either is lost. */
function CollisionDialog({ draft }: { readonly draft: Draft }): JSX.Element | null {
  const both = draft.collision.value;
  const [mine, setMine] = useState<ReadonlySet<number>>(new Set());
  if (both === undefined) return null;
  const { collisions, taken } = both.merged;
  const choose = (at: number, isMine: boolean): void => {
    const next = new Set(mine);
    if (isMine) next.add(at);
    else next.delete(at);
    setMine(next);
  };
  const settle = (): void => draft.settle(mine);
  return (
    <Dialog
      title="Somebody else has changed this meanwhile"
      isWide
      onClose={settle}
      actions={
        <button type="button" class="main" onClick={settle}>
          Go on with both
        </button>
      }
    >
      <p>
        Nothing that you have typed is lost. It is now revision {both.theirs.revision}.{' '}
        {taken.length > 0 &&
          `${taken.length === 1 ? 'One change' : `${taken.length} changes`} of yours stand beside theirs.`}{' '}
        {collisions.length > 0
          ? 'Where both of you have changed the same, choose what holds:'
          : 'You have changed different things.'}
      </p>
      {collisions.map(({ mine: own, path, theirs }, at) => (
        <fieldset key={at} class="own-collision">
          <legend>{placeWords(draft.value.value, path)}</legend>
          {[['Theirs', theirs, false] as const, ['Yours', own, true] as const].map(([words, value, isMine]) => (
            <label key={words} class={mine.has(at) === isMine ? 'chosen' : ''}>
              <span>
                <input
                  type="radio"
                  name={`collision-${at}`}
                  checked={mine.has(at) === isMine}
                  onChange={() => choose(at, isMine)}
                />{' '}
                {words}
              </span>
              <pre>{value === undefined ? '(taken out)' : yamlOf(value).trimEnd()}</pre>
            </label>
          ))}
        </fieldset>
      ))}
    </Dialog>
  );
}
