import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { getResource } from '../../api/methods.ts';
import { useCall } from '../../api/use-call.ts';
import { isRecord } from '../../forms/node.ts';
import { Code, Given, Time } from '../../parts/small.tsx';
import { Empty, Show } from '../../parts/states.tsx';
import { apiAddress } from './addresses.ts';
import type { TabProps } from './api-view.tsx';
import { metadataOf } from './api-view.tsx';
import { DraftBar } from './draft-bar.tsx';
import { proposal } from './proposing.ts';
import { SpecificationInput } from './specification-input.tsx';
import { useDraft } from './use-draft.ts';
import type { Proposed } from '../../forms/open-api.ts';

const MOST_SHOWN = 40_000;

/** What describes an API: its specification, and the routes that analytics tell. */
export default function SpecificationTab({ isWritable, resource }: TabProps): JSX.Element {
  const { namespace = '', name = '' } = resource;
  const { specification } = metadataOf(resource);
  const found = useCall(
    getResource,
    specification === undefined ? undefined : { kind: 'Specification', namespace, name: specification },
  );
  const [isReplacing, setReplacing] = useState(false);
  const { spec } = (resource.document ?? {}) as { readonly spec?: { readonly routes?: unknown } };
  const routes = (Array.isArray(spec?.routes) ? spec.routes : []).filter(isRecord);
  const draft = useDraft(resource);
  const replace = (text: string, { format, routes: proposed }: Proposed): void => {
    const of = specification ?? name;
    draft.set(['metadata', 'specification'], of);
    if (proposed.length > 0) draft.set(['spec', 'routes'], proposed);
    const kept = {
      apiVersion: 'ostiary.dev/v1alpha1',
      kind: 'Specification',
      metadata: { name: of, namespace },
      spec: { format, text },
    };
    draft.beside.value = [proposal(kept, found.data?.resource?.revision ?? '0')];
    setReplacing(false);
  };
  if (isReplacing)
    return (
      <SpecificationInput
        action="Go on"
        onGiven={(text, proposed) => replace(text, proposed)}
        onCancel={() => setReplacing(false)}
      />
    );
  const button = isWritable && (
    <button type="button" class={specification === undefined ? 'main' : ''} onClick={() => setReplacing(true)}>
      {specification === undefined ? 'Add a specification' : 'Replace…'}
    </button>
  );
  return (
    <>
      {specification === undefined ? (
        <Empty title="No specification">
          <p>Developers read it in the catalog, and its paths become the routes of analytics.</p>
          {button}
        </Empty>
      ) : (
        <>
          <div class="own-head">
            <p class="quiet">
              Kept as <Given text={specification} />. In the catalog it is shown as{' '}
              <a href={`/catalog/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`}>a reference</a>.
            </p>
            {button}
          </div>
          <Show of={found}>
            {({ resource: shown }) => {
              const { format, text = '' } =
                ((shown?.document ?? {}) as { readonly spec?: { readonly format?: string; readonly text?: string } })
                  .spec ?? {};
              return (
                <>
                  <p class="quiet">
                    {format}, {text.length.toLocaleString('en')} characters, changed <Time at={shown?.changedAt} />
                  </p>
                  <div class="own-spec">
                    <Code text={text.slice(0, MOST_SHOWN)} label="The specification" />
                  </div>
                  {text.length > MOST_SHOWN && <p class="quiet">The beginning is shown.</p>}
                </>
              );
            }}
          </Show>
        </>
      )}
      <h2>Routes</h2>
      {routes.length === 0 ? (
        <p class="quiet">None: analytics show requests of this API without their paths.</p>
      ) : (
        <ul class="own-routes">
          {routes.slice(0, 200).map((route, at) => (
            <li key={at}>
              <span class="own-methods">{Array.isArray(route['methods']) ? route['methods'].join(' ') : 'any'}</span>{' '}
              <code>
                <bdi>{String(route['path'])}</bdi>
              </code>
            </li>
          ))}
        </ul>
      )}
      {isWritable && (
        <p>
          <a href={apiAddress(namespace, name, 'settings')}>Change them under Settings</a>
        </p>
      )}
      <DraftBar draft={draft} />
    </>
  );
}
