import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { listResources } from '../../api/methods.ts';
import { useCall } from '../../api/use-call.ts';
import { isRecord } from '../../forms/node.ts';
import { pathFrom } from '../../forms/paths.ts';
import { Icon } from '../../parts/icon.tsx';
import { Badge, Given } from '../../parts/small.tsx';
import { Empty } from '../../parts/states.tsx';
import { here, setQuery } from '../../shell/router.ts';
import { AddPolicyDialog } from './add-policy-dialog.tsx';
import type { TabProps } from './api-view.tsx';
import type { Draft } from './draft.ts';
import { DraftBar } from './draft-bar.tsx';
import { policyTitle } from './overview-tab.tsx';
import { PolicyEditor } from './policy-editor.tsx';
import { policySummary } from './policy-summary.ts';
import { TEXTS } from './texts.ts';
import { useDraft } from './use-draft.ts';

const POLICIES = pathFrom('spec.policies');
const USUAL_ORDER = 50;

/** The policies of an API: which, in which order, and each by form and as YAML. */
export default function PoliciesTab({ isWritable, resource }: TabProps): JSX.Element {
  const draft = useDraft(resource);
  const { spec } = draft.value.value as { readonly spec?: { readonly policies?: unknown } };
  const policies = (Array.isArray(spec?.policies) ? spec.policies : []).filter(isRecord);
  const asked = here.value.searchParams.get('edit');
  const at = asked === null ? undefined : Number(asked);
  const isOpen = at !== undefined && policies[at] !== undefined;
  return (
    <>
      {isOpen ? (
        <PolicyEditor
          key={at}
          draft={draft}
          at={at}
          namespace={resource.namespace ?? 'default'}
          isWritable={isWritable}
          onClose={() => setQuery({ edit: undefined })}
        />
      ) : (
        <PolicyList draft={draft} policies={policies} isWritable={isWritable} />
      )}
      {!isOpen && (
        <Bindings
          namespace={resource.namespace ?? 'default'}
          api={resource.name ?? ''}
          labels={labelsOf(resource.document)}
        />
      )}
      <DraftBar draft={draft} />
    </>
  );
}

function labelsOf(document: unknown): Readonly<Record<string, string>> {
  return (
    (document as { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } })?.metadata?.labels ?? {}
  );
}

interface ListProps {
  readonly draft: Draft;
  readonly policies: readonly Readonly<Record<string, unknown>>[];
  readonly isWritable: boolean;
}

/** In the order in which they run: the lower `order` first, and then as they are written. */
function PolicyList({ draft, isWritable, policies }: ListProps): JSX.Element {
  const [isAdding, setAdding] = useState(false);
  const list = useRef<HTMLOListElement>(null);
  const [told, setTold] = useState('');
  const rows = policies
    .map((policy, at) => ({ policy, at, order: typeof policy['order'] === 'number' ? policy['order'] : USUAL_ORDER }))
    .toSorted((a, b) => a.order - b.order || a.at - b.at);
  const move = (from: number, to: number): void => {
    const [moved, other] = [rows[from], rows[to]];
    if (moved === undefined || other === undefined) return;
    if (moved.order !== other.order) draft.set([...POLICIES, moved.at, 'order'], other.order);
    draft.move(POLICIES, moved.at, other.at);
    setTold(`${policyTitle(moved.policy)} is now at place ${to + 1} of ${rows.length}`);
    const direction = to < from ? 'up' : 'down';
    requestAnimationFrame(() => {
      list.current?.querySelectorAll('li')[to]?.querySelector<HTMLElement>(`[data-move="${direction}"]`)?.focus();
    });
  };
  return (
    <>
      <div class="own-head">
        <p class="quiet">
          Every request goes through them from the first to the last. The first that refuses it ends it.
        </p>
        {isWritable && (
          <button type="button" class="main" onClick={() => setAdding(true)}>
            {TEXTS.addPolicy}
          </button>
        )}
      </div>
      {rows.length === 0 ? (
        <Empty title="No policy of its own">
          <p>
            Every request that reaches this API passes, unless a policy of the namespace or the platform says otherwise.
          </p>
        </Empty>
      ) : (
        <ol class="own-policies" ref={list}>
          {rows.map(({ at, policy }, place) => (
            <li
              key={at}
              onKeyDown={(event) => {
                const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
                if (step === undefined || !event.altKey || !isWritable) return;
                event.preventDefault();
                move(place, place + step);
              }}
            >
              <span class="own-number-of">{place + 1}</span>
              <div class="own-policy">
                <a href={`?edit=${at}`} class="own-policy-name">
                  {policyTitle(policy)}
                </a>{' '}
                {policy['mode'] === 'shadow' && <Badge tone="warning">only watches</Badge>}{' '}
                {typeof policy['name'] === 'string' && <Given text={policy['name']} />}
                <p class="quiet">{policySummary(policy)}</p>
              </div>
              {isWritable && (
                <span class="own-moves">
                  <button
                    type="button"
                    class="plain square up"
                    data-move="up"
                    aria-label={`Move ${policyTitle(policy)} up`}
                    aria-disabled={place === 0}
                    onClick={() => move(place, place - 1)}
                  >
                    <Icon name="down" />
                  </button>
                  <button
                    type="button"
                    class="plain square"
                    data-move="down"
                    aria-label={`Move ${policyTitle(policy)} down`}
                    aria-disabled={place === rows.length - 1}
                    onClick={() => move(place, place + 1)}
                  >
                    <Icon name="down" />
                  </button>
                </span>
              )}
            </li>
          ))}
        </ol>
      )}
      <p class="unseen" role="status">
        {told}
      </p>
      {isWritable && rows.length > 1 && (
        <p class="quiet own-hint">
          Alt with the arrow keys moves a policy. Policies that count requests always run last, and all of them
          together.
        </p>
      )}
      {isAdding && (
        <AddPolicyDialog
          onClose={() => setAdding(false)}
          onChosen={(policy) => {
            draft.set([...POLICIES, policies.length], policy);
            setAdding(false);
            setQuery({ edit: String(policies.length) });
          }}
        />
      )}
    </>
  );
}

/** Policies of others that this API has too. */
function Bindings({
  api,
  labels,
  namespace,
}: {
  readonly namespace: string;
  readonly api: string;
  readonly labels: Readonly<Record<string, string>>;
}): JSX.Element | null {
  const found = useCall(listResources, {
    kinds: ['PolicyBinding'],
    namespaces: [namespace, 'platform'],
    pageSize: 100,
  });
  const bound = (found.data?.resources ?? []).filter(({ document }) => {
    const { targetRef } =
      (document as { spec?: { targetRef?: { kind?: string; name?: string; selector?: { labels?: object } } } })?.spec ??
      {};
    if (targetRef?.kind === 'Api') return targetRef.name === api;
    return Object.entries(targetRef?.selector?.labels ?? {}).every(([label, value]) => labels[label] === value);
  });
  if (bound.length === 0) return null;
  return (
    <section>
      <h2>Bound from elsewhere</h2>
      <ul class="own-policies bound">
        {bound.map(({ document, name, namespace: of }) => {
          const { spec } = document as { readonly spec?: Readonly<Record<string, unknown>> };
          return (
            <li key={`${of}/${name}`}>
              <div class="own-policy">
                <strong>{policyTitle(spec ?? {})}</strong>{' '}
                <span class="quiet">
                  <Given text={`${of}/${name}`} />, order{' '}
                  {typeof spec?.['order'] === 'number' ? spec['order'] : USUAL_ORDER}
                </span>
                <p class="quiet">{policySummary(spec ?? {})}</p>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
