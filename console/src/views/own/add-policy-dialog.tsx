import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PolicyKindSummaryJson } from '../../../../gen/ostiary/v1/authoring_pb.js';
import { call } from '../../api/call.ts';
import { useCall } from '../../api/use-call.ts';
import { policyLabel } from '../../forms/labels.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Show } from '../../parts/states.tsx';
import { toast } from '../../parts/toasts.tsx';
import { getSchema, listKinds } from './own-methods.ts';

const GROUPS: readonly (readonly [string, readonly string[]])[] = [
  [
    'Who calls',
    [
      'client-id-enforcement',
      'api-key',
      'jwt-validation',
      'oauth2-token-introspection',
      'openidconnect-access-token-enforcement',
      'external-oauth2-access-token-enforcement',
      'http-basic-authentication',
      'ldap-authentication',
      'workload-identity',
    ],
  ],
  ['How much', ['rate-limiting-sla', 'rate-limiting', 'spike-control']],
  ['What they may', ['authorization', 'ip-allowlist', 'ip-blocklist', 'cors']],
  ['What is sent', ['json-threat-protection', 'xml-threat-protection', 'header-injection', 'header-removal']],
];
const OTHERS = 'More';

/** Every kind of policy with what it does. What is chosen begins with an example. */
export function AddPolicyDialog({
  onChosen,
  onClose,
}: {
  readonly onClose: () => void;
  readonly onChosen: (policy: object) => void;
}): JSX.Element {
  const kinds = useCall(listKinds, {});
  const [text, setText] = useState('');
  const choose = async (policy: string): Promise<void> => {
    try {
      const { schema } = await call(getSchema, { policy });
      const [config = {}] = (schema as { readonly examples?: readonly unknown[] } | undefined)?.examples ?? [];
      onChosen({ policyRef: { name: policy }, ...(Object.keys(config as object).length > 0 && { config }) });
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), true);
    }
  };
  return (
    <Dialog title="Add a policy" isWide onClose={onClose}>
      <input
        type="search"
        class="own-search"
        aria-label="Search policies"
        placeholder="Search by name or by what it does"
        value={text}
        autofocus
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <Show of={kinds}>
        {({ policies = [] }) => {
          const found = policies.filter((kind) => isMeant(kind, text));
          if (found.length === 0)
            return <p class="quiet">No policy does this. Conditions of your own: Authorization.</p>;
          return grouped(found).map(([title, group]) => (
            <section key={title} class="own-kinds">
              <h3>{title}</h3>
              <ul>
                {group.map(({ name = '', summary }) => (
                  <li key={name}>
                    <button type="button" class="plain" onClick={() => void choose(name)}>
                      <strong>{policyLabel(name)}</strong>
                      <span class="quiet">{summary}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          ));
        }}
      </Show>
    </Dialog>
  );
}

function isMeant({ aliases = [], name = '', summary = '' }: PolicyKindSummaryJson, text: string): boolean {
  const all = [name, policyLabel(name), summary, ...aliases].join(' ').toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

function grouped(
  kinds: readonly PolicyKindSummaryJson[],
): readonly (readonly [string, readonly PolicyKindSummaryJson[]])[] {
  const known = new Set(GROUPS.flatMap(([, names]) => names));
  const groups = GROUPS.map(
    ([title, names]) => [title, names.flatMap((name) => kinds.filter((kind) => kind.name === name))] as const,
  );
  return [...groups, [OTHERS, kinds.filter(({ name = '' }) => !known.has(name))] as const].filter(
    ([, group]) => group.length > 0,
  );
}
