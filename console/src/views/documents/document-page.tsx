import type { ComponentChildren, JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { ResourceJson } from '../../../../gen/ostiary/v1/resources_pb.js';
import { call } from '../../api/call.ts';
import { deleteResources, getResource } from '../../api/methods.ts';
import { forgetAnswers, useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Field } from '../../parts/small.tsx';
import { Failed, Loading, NotFound } from '../../parts/states.tsx';
import { toast } from '../../parts/toasts.tsx';
import { go, here } from '../../shell/router.ts';
import { hasRole } from '../../shell/session.ts';
import { DocumentEditor } from '../own/document-editor.tsx';
import { DraftBar } from '../own/draft-bar.tsx';
import { Draft } from '../own/draft.ts';
import { keptElsewhere, useDraft } from '../own/use-draft.ts';
import { ConfirmDialog } from '../people/confirm-dialog.tsx';
import { TEXTS } from './texts.ts';
import type { KindTexts } from './texts.ts';

export interface DocumentPageProps {
  readonly of: KindTexts;
  readonly namespace: string;
  readonly name: string;
  readonly mayWrite: boolean;
  /** Below the title. */
  readonly children?: ComponentChildren;
}

/** One document by form and as YAML, with what would change before it is written. */
export function DocumentPage({ children, mayWrite, name, namespace, of }: DocumentPageProps): JSX.Element {
  const found = useCall(getResource, { kind: of.kind, namespace, name });
  const [isRemoving, setRemoving] = useState(false);
  const resource = found.data?.resource;
  const isNew = here.value.searchParams.get('new') === 'yes' && found.error?.code === 'not_found';
  return (
    <Page
      title={name}
      above={[{ text: of.title, href: of.address }]}
      actions={
        resource !== undefined && (
          <>
            {hasRole(['admin', 'auditor']) && (
              <a class="button" href={`/audit?${new URLSearchParams({ kind: of.kind, namespace, name }).toString()}`}>
                History
              </a>
            )}
            {mayWrite && keptElsewhere(resource) === undefined && (
              <button type="button" class="danger" onClick={() => setRemoving(true)}>
                {TEXTS.remove}
              </button>
            )}
          </>
        )
      }
    >
      {children}
      {resource !== undefined && <Existing of={of} resource={resource} mayWrite={mayWrite} />}
      {resource === undefined && isNew && <New of={of} namespace={namespace} name={name} />}
      {resource === undefined && !isNew && found.error?.code === 'not_found' && <NotFound />}
      {resource === undefined && found.error !== undefined && found.error.code !== 'not_found' && (
        <Failed error={found.error} retry={found.reload} />
      )}
      {resource === undefined && found.error === undefined && <Loading lines={8} />}
      {isRemoving && resource !== undefined && (
        <RemoveDialog of={of} resource={resource} onClose={() => setRemoving(false)} />
      )}
    </Page>
  );
}

interface ExistingProps {
  readonly of: KindTexts;
  readonly resource: ResourceJson;
  readonly mayWrite: boolean;
}

function Existing({ mayWrite, of, resource }: ExistingProps): JSX.Element {
  const draft = useDraft(resource);
  const why = keptElsewhere(resource);
  return (
    <>
      {why !== undefined && (
        <p class="own-note">
          <bdi>{why}</bdi>
        </p>
      )}
      <DocumentEditor
        draft={draft}
        kind={of.kind}
        sections={of.sections}
        namespace={resource.namespace ?? 'default'}
        isWritable={mayWrite && why === undefined}
      />
      <DraftBar draft={draft} />
    </>
  );
}

interface NewProps {
  readonly of: KindTexts;
  readonly namespace: string;
  readonly name: string;
}

function New({ name, namespace, of }: NewProps): JSX.Element {
  const draft = useMemo(
    () => new Draft({ document: undefined, revision: '0' }, of.begin(namespace, name)),
    [of, namespace, name],
  );
  return (
    <>
      <DocumentEditor draft={draft} kind={of.kind} sections={of.sections} namespace={namespace} isWritable />
      <DraftBar draft={draft} />
    </>
  );
}

interface RemoveProps {
  readonly of: KindTexts;
  readonly resource: ResourceJson;
  readonly onClose: () => void;
}

function RemoveDialog({ of, onClose, resource }: RemoveProps): JSX.Element {
  const [reason, setReason] = useState('');
  const { name = '', namespace = '', revision = '0' } = resource;
  return (
    <ConfirmDialog
      title={`Delete ${name}`}
      text={TEXTS.remove}
      isDangerous
      onClose={onClose}
      act={async () => {
        const { faults = [] } = await call(deleteResources, {
          resources: [{ resource: { kind: of.kind, namespace, name }, expectedRevision: revision }],
          reason,
        });
        if (faults[0] !== undefined) throw new Error(`${faults[0].file ?? ''}: ${faults[0].message ?? ''}`);
        forgetAnswers();
        toast(`${name} is deleted.`);
        go(of.address);
      }}
    >
      <p>{TEXTS.removeHelp}</p>
      <Field label={TEXTS.reason} id="remove-reason">
        <input id="remove-reason" value={reason} onInput={({ currentTarget }) => setReason(currentTarget.value)} />
      </Field>
    </ConfirmDialog>
  );
}
