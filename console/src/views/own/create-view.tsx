import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { OwnApiJson } from '../../../../gen/ostiary/v1/authoring_pb.js';
import type { Proposed } from '../../forms/open-api.ts';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Given } from '../../parts/small.tsx';
import { Show } from '../../parts/states.tsx';
import { go, here, setQuery } from '../../shell/router.ts';
import { person } from '../../shell/session.ts';
import { apiAddress } from './addresses.ts';
import { DocumentEditor } from './document-editor.tsx';
import { Draft, keepNewDraft, newDraft } from './draft.ts';
import { proposal } from './proposing.ts';
import { ReviewDialog } from './review-dialog.tsx';
import { listOwnApis, OF_OWN } from './own-methods.ts';
import { SpecificationInput } from './specification-input.tsx';
import { TEXTS } from './texts.ts';

const SECTIONS = [
  {
    title: 'What it is',
    path: ['metadata'],
    fields: [
      'name',
      'namespace',
      'displayName',
      'description',
      'version',
      'lifecycle',
      'visibility',
      'owner',
      'labels',
    ],
    first: ['name', 'namespace', 'displayName', 'description', 'lifecycle', 'visibility'],
  },
  {
    title: 'Where it is',
    path: ['spec'],
    fields: ['hosts', 'basePath', 'publicUrl', 'routes', 'public', 'maxStale', 'encodedSlashes'],
    first: ['hosts', 'basePath'],
  },
] as const;

/** A new API: from its specification, from a service that was discovered, or empty. */
export default function CreateView(): JSX.Element {
  const from = here.value.searchParams.get('from');
  const [draft, setDraft] = useState(newDraft);
  const begin = (made: Draft | undefined): void => {
    keepNewDraft(made);
    setDraft(made);
  };
  return (
    <Page title={TEXTS.create} above={[{ text: TEXTS.myApis, href: '/apis' }]}>
      {draft !== undefined ? (
        <Editing draft={draft} giveUp={() => begin(undefined)} />
      ) : from === 'specification' ? (
        <SpecificationInput
          action="Go on"
          onCancel={() => setQuery({ from: undefined })}
          onGiven={(text, proposed) => begin(fromSpecification(text, proposed))}
        />
      ) : from === 'discovered' ? (
        <Discovered />
      ) : (
        <Ways onEmpty={() => begin(empty())} />
      )}
    </Page>
  );
}

function Ways({ onEmpty }: { readonly onEmpty: () => void }): JSX.Element {
  return (
    <ul class="own-ways">
      <li>
        <a href="?from=specification">From a specification</a>
        <p class="quiet">Upload or paste an OpenAPI document: name, hosts, base path and routes are read from it.</p>
      </li>
      <li>
        <a href="?from=discovered">From a discovered service</a>
        <p class="quiet">Services that were found in a cluster wait as drafts until somebody takes them.</p>
      </li>
      <li>
        <button type="button" class="own-link" onClick={onEmpty}>
          Empty
        </button>
        <p class="quiet">A name and a path, and the rest by form or as YAML.</p>
      </li>
    </ul>
  );
}

function Discovered(): JSX.Element {
  const drafts = useCall(listOwnApis, { lifecycle: 'draft', pageSize: 100 }, OF_OWN);
  return (
    <Show of={drafts}>
      {({ apis = [] }) =>
        apis.length === 0 ? (
          <p class="quiet">
            No service waits. What a cluster’s discovery finds appears here as a draft.{' '}
            <a href="/apis/new">Begin another way</a>.
          </p>
        ) : (
          <ul class="own-ways">
            {apis.map(({ basePath, displayName, hosts = [], name, namespace }: OwnApiJson) => (
              <li key={`${namespace}/${name}`}>
                <a href={apiAddress(namespace, name, 'settings')}>
                  <Given text={displayName || name} />
                </a>
                <p class="quiet">
                  <Given text={`${hosts[0] ?? 'any host'}${basePath ?? ''}`} />
                </p>
              </li>
            ))}
          </ul>
        )
      }
    </Show>
  );
}

function Editing({ draft, giveUp }: { readonly draft: Draft; readonly giveUp: () => void }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const { metadata } = draft.value.value as {
    readonly metadata?: { readonly name?: string; readonly namespace?: string };
  };
  const { checked } = draft;
  const broken = checked.value.faults.filter(({ isWarning }) => !isWarning);
  const isTaken = checked.value.error?.code === 'aborted';
  const namespace = metadata?.namespace ?? 'default';
  return (
    <>
      {isTaken && (
        <p class="own-note bad" role="alert">
          There is an API, or a specification, of this name already: choose another one.
        </p>
      )}
      {checked.value.error !== undefined && !isTaken && (
        <p class="own-note bad" role="alert">
          <bdi>{checked.value.error.message}</bdi>
        </p>
      )}
      <DocumentEditor draft={draft} kind="Api" sections={SECTIONS} namespace={namespace} isWritable />
      <div class="own-bar" role="region" aria-label={TEXTS.create}>
        <span class={broken.length > 0 ? 'fault own-bar-text' : 'quiet own-bar-text'} role="status">
          {broken.length > 0 ? (broken[0]?.message ?? '') : 'Nothing is written yet.'}
        </span>
        <button type="button" class="plain" onClick={giveUp}>
          {TEXTS.discard}
        </button>
        <button
          type="button"
          class="main"
          disabled={
            draft.fault.value !== undefined ||
            broken.length > 0 ||
            checked.value.isChecking ||
            checked.value.error !== undefined
          }
          onClick={() => setOpen(true)}
        >
          {TEXTS.review}
        </button>
      </div>
      {isOpen && (
        <ReviewDialog
          draft={draft}
          onClose={() => setOpen(false)}
          onWritten={() => {
            keepNewDraft(undefined);
            go(apiAddress(namespace, metadata?.name));
          }}
        />
      )}
    </>
  );
}

/** The namespace of a team of the reader's: most have one of the same name. */
function ownNamespace(): object {
  const team = (person.value?.roles ?? []).find(
    ({ role, team: of }) => (role === 'owner' || role === 'admin') && of !== 'platform',
  )?.team;
  return team === undefined ? {} : { namespace: team };
}

const NONE = { document: undefined, revision: '0' };

function empty(): Draft {
  return new Draft(NONE, {
    apiVersion: 'ostiary.dev/v1alpha1',
    kind: 'Api',
    metadata: { name: '', ...ownNamespace(), lifecycle: 'draft', visibility: 'internal' },
    spec: { basePath: '/' },
  });
}

function fromSpecification(text: string, proposed: Proposed): Draft {
  const { basePath, description, format, hosts, name, routes, title, version } = proposed;
  const metadata = ownNamespace();
  const draft = new Draft(NONE, {
    apiVersion: 'ostiary.dev/v1alpha1',
    kind: 'Api',
    metadata: {
      name,
      ...metadata,
      displayName: title,
      ...(description !== '' && { description }),
      ...(version !== '' && { version }),
      lifecycle: 'draft',
      visibility: 'internal',
      specification: name,
    },
    spec: { ...(hosts.length > 0 && { hosts }), basePath, ...(routes.length > 0 && { routes }) },
  });
  const kept = {
    apiVersion: 'ostiary.dev/v1alpha1',
    kind: 'Specification',
    metadata: { name, ...metadata },
    spec: { format, text },
  };
  draft.beside.value = [proposal(kept, '0')];
  return draft;
}
