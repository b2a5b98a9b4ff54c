import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useCall } from '../../api/use-call.ts';
import { isRecord, nodeOf } from '../../forms/node.ts';
import type { FormField, FormNode, Schema } from '../../forms/node.ts';
import { valueAt } from '../../forms/inputs.ts';
import { pathFrom } from '../../forms/paths.ts';
import { Icon } from '../../parts/icon.tsx';
import { Show } from '../../parts/states.tsx';
import type { Draft } from './draft.ts';
import { FormView, GroupView } from './form-view.tsx';
import { getSchema } from './own-methods.ts';
import { policyTitle } from './overview-tab.tsx';
import { TEXTS } from './texts.ts';
import { YamlPane } from './yaml-pane.tsx';

export interface PolicyEditorProps {
  readonly draft: Draft;
  /** Its place in the document. */
  readonly at: number;
  readonly namespace: string;
  readonly isWritable: boolean;
  readonly onClose: () => void;
}

/** Of a policy itself; the rest of its fields say where and how it applies. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['config', 'policyRef', 'authentication']);

/** One policy: its options by form, the document beside it. Both write the same. */
export function PolicyEditor({ at, draft, isWritable, namespace, onClose }: PolicyEditorProps): JSX.Element {
  const path = pathFrom(`spec.policies[${at}]`);
  const policy = valueAt(draft.value.value, path) as Readonly<Record<string, unknown>>;
  const { name } = Object(policy['policyRef']) as { readonly name?: string };
  const [shown, setShown] = useState<'form' | 'yaml'>('form');
  const isBroken = draft.fault.value !== undefined;
  return (
    <section class={`own-editor show-${shown}`}>
      <header class="own-editor-head">
        <button type="button" class="plain" onClick={onClose}>
          <span class="own-back">
            <Icon name="right" />
          </span>
          All policies
        </button>
        <h2>{policyTitle(policy)}</h2>
        <span class="own-choice own-which" role="group" aria-label="How to edit it">
          {(['form', 'yaml'] as const).map((each) => (
            <button key={each} type="button" class="plain" aria-pressed={shown === each} onClick={() => setShown(each)}>
              {TEXTS[each]}
            </button>
          ))}
        </span>
        {isWritable && (
          <button
            type="button"
            class="danger own-remove"
            onClick={() => {
              draft.set(path, undefined);
              onClose();
            }}
          >
            Remove
          </button>
        )}
      </header>
      <div class="own-columns">
        <fieldset class="own-form" disabled={isBroken || !isWritable}>
          <legend class="unseen">{policyTitle(policy)}</legend>
          {name !== undefined && <Config draft={draft} path={path} name={name} namespace={namespace} />}
          {name === undefined && <p class="own-note">A group of policies is edited as YAML.</p>}
          <Around draft={draft} path={path} namespace={namespace} />
        </fieldset>
        <YamlPane draft={draft} focus={path} isReadOnly={!isWritable} />
      </div>
    </section>
  );
}

interface PartProps {
  readonly draft: Draft;
  readonly path: readonly (string | number)[];
  readonly namespace: string;
}

function Config({ draft, name, namespace, path }: PartProps & { readonly name: string }): JSX.Element {
  const schema = useCall(getSchema, { policy: name });
  return (
    <Show of={schema}>
      {({ schema: found }) => {
        const of = found as unknown as Schema;
        const node = nodeOf(of);
        const [example] = of.examples ?? [];
        if (node.kind !== 'group') return null;
        return (
          <>
            {of.description && <p class="own-about">{of.description}.</p>}
            <GroupView
              fields={node.fields}
              path={[...path, 'config']}
              value={valueAt(draft.value.value, [...path, 'config'])}
              faults={draft.checked.value.faults}
              onChange={(at, value) => draft.set(at, value)}
              namespace={namespace}
              first={isRecord(example) ? Object.keys(example) : []}
            />
          </>
        );
      }}
    </Show>
  );
}

/** Rules, order, mode: the same for every kind. */
function Around({ draft, namespace, path }: PartProps): JSX.Element {
  const schema = useCall(getSchema, { kind: 'Api' });
  const policy = valueAt(draft.value.value, path);
  const fields = schema.data === undefined ? [] : fieldsOf(nodeOf(schema.data.schema as unknown as Schema));
  const isShadow = isRecord(policy) && policy['mode'] === 'shadow';
  return (
    <section class="own-around">
      <h3>{TEXTS.whereItApplies}</h3>
      <label class="own-tick own-shadow">
        <input
          type="checkbox"
          checked={isShadow}
          onChange={({ currentTarget }) => draft.set([...path, 'mode'], currentTarget.checked ? 'shadow' : undefined)}
        />
        <span>
          Only watch (shadow)
          <span class="help"> It decides, counts and logs, and refuses nothing. Try a policy this way first.</span>
        </span>
      </label>
      {fields
        .filter(({ name }) => name === 'rules')
        .map(({ help, name, node }) => (
          <fieldset key={name} class="field own-field">
            <legend>Rules</legend>
            <p class="help">{help}. Paths and methods are RE2 expressions.</p>
            <FormView
              node={node}
              path={[...path, name]}
              value={isRecord(policy) ? policy[name] : undefined}
              faults={draft.checked.value.faults}
              onChange={(at, value) => draft.set(at, value)}
              label="Rules"
              namespace={namespace}
            />
          </fieldset>
        ))}
      <GroupView
        fields={fields.filter(({ name }) => name !== 'rules' && name !== 'mode')}
        path={path}
        value={policy}
        faults={draft.checked.value.faults}
        onChange={(at, value) => draft.set(at, value)}
        namespace={namespace}
      />
    </section>
  );
}

/** Those of a policy of an API, in its schema. */
function fieldsOf(api: FormNode): readonly FormField[] {
  const field = (node: FormNode | undefined, name: string): FormNode | undefined =>
    node?.kind === 'group' ? node.fields.find((each) => each.name === name)?.node : undefined;
  const policies = field(field(api, 'spec'), 'policies');
  const item = policies?.kind === 'list' ? policies.item : undefined;
  return item?.kind === 'group' ? item.fields.filter(({ name }) => !OWN_FIELDS.has(name)) : [];
}
