import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useCall } from '../../api/use-call.ts';
import { nodeOf } from '../../forms/node.ts';
import type { FormField, FormNode, Schema } from '../../forms/node.ts';
import { valueAt } from '../../forms/inputs.ts';
import type { Path } from '../../forms/inputs.ts';
import { Show } from '../../parts/states.tsx';
import type { Draft } from './draft.ts';
import { GroupView } from './form-view.tsx';
import { getSchema } from './own-methods.ts';
import { TEXTS } from './texts.ts';
import { YamlPane } from './yaml-pane.tsx';

export interface Section {
  readonly title: string;
  readonly path: Path;
  /** Of what stands there, these; absent: all. */
  readonly fields?: readonly string[];
  /** Shown at once. */
  readonly first?: readonly string[];
}

export interface DocumentEditorProps {
  readonly draft: Draft;
  readonly kind: string;
  readonly sections: readonly Section[];
  readonly namespace: string;
  readonly isWritable: boolean;
}

/** Parts of a document by form, all of it as YAML beside them. */
export function DocumentEditor({ draft, isWritable, kind, namespace, sections }: DocumentEditorProps): JSX.Element {
  const schema = useCall(getSchema, { kind });
  const [shown, setShown] = useState<'form' | 'yaml'>('form');
  return (
    <section class={`own-editor show-${shown}`}>
      <header class="own-editor-head">
        <span class="own-choice own-which" role="group" aria-label="How to edit it">
          {(['form', 'yaml'] as const).map((each) => (
            <button key={each} type="button" class="plain" aria-pressed={shown === each} onClick={() => setShown(each)}>
              {TEXTS[each]}
            </button>
          ))}
        </span>
      </header>
      <div class="own-columns">
        <fieldset class="own-form" disabled={draft.fault.value !== undefined || !isWritable}>
          <legend class="unseen">{kind}</legend>
          <Show of={schema}>
            {({ schema: found }) => {
              const root = nodeOf(found as unknown as Schema);
              return sections.map(({ fields, first, path, title }) => (
                <section key={title}>
                  <h2>{title}</h2>
                  <GroupView
                    fields={fieldsAt(root, path).filter(({ name }) => fields?.includes(name) ?? true)}
                    path={path}
                    value={valueAt(draft.value.value, path)}
                    faults={draft.checked.value.faults}
                    onChange={(at, value) => draft.set(at, value)}
                    namespace={namespace}
                    {...(first !== undefined && { first })}
                  />
                </section>
              ));
            }}
          </Show>
        </fieldset>
        <YamlPane draft={draft} isReadOnly={!isWritable} />
      </div>
    </section>
  );
}

function fieldsAt(root: FormNode, path: Path): readonly FormField[] {
  let node: FormNode | undefined = root;
  for (const part of path)
    node = node?.kind === 'group' ? node.fields.find(({ name }) => name === part)?.node : undefined;
  return node?.kind === 'group' ? node.fields : [];
}
