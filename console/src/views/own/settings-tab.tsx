import type { JSX } from 'preact';
import type { TabProps } from './api-view.tsx';
import { DocumentEditor } from './document-editor.tsx';
import { DraftBar } from './draft-bar.tsx';
import { useDraft } from './use-draft.ts';

const SECTIONS = [
  {
    title: 'For people',
    path: ['metadata'],
    fields: ['displayName', 'description', 'version', 'lifecycle', 'visibility', 'owner', 'asset', 'labels', 'terms'],
    first: ['displayName', 'description', 'version', 'lifecycle', 'visibility'],
  },
  {
    title: 'Where it is',
    path: ['spec'],
    fields: ['hosts', 'basePath', 'publicUrl', 'public', 'maxStale', 'encodedSlashes', 'routes', 'guests'],
    first: ['hosts', 'basePath', 'publicUrl'],
  },
] as const;

/** What an API says of itself, and where it is. */
export default function SettingsTab({ isWritable, resource }: TabProps): JSX.Element {
  const draft = useDraft(resource);
  return (
    <>
      <DocumentEditor
        draft={draft}
        kind="Api"
        sections={SECTIONS}
        namespace={resource.namespace ?? 'default'}
        isWritable={isWritable}
      />
      <DraftBar draft={draft} />
    </>
  );
}
