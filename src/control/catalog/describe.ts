import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { CatalogApiSchema, CatalogVersionSchema } from '../../../gen/ostiary/v1/catalog_pb.js';
import { PLATFORM_NAMESPACE } from '../../document/names.ts';
import { keyText } from '../../registry/conflict.ts';
import type { ResourceKey } from '../../registry/log.ts';
import { whyNoNewContract } from '../contract-terms.ts';
import { FIELDS, valueAt } from '../facts.ts';
import { hasLabels } from '../neighbourhood.ts';
import type { Entry, ResourceIndex } from '../resource-index.ts';
import { notThere } from '../rights.ts';
import type { Rights } from '../rights.ts';
import { authenticationWays } from './authentication.ts';
import { entryMessage, listAt, termsMessage, textAt, tierMessages } from './entry.ts';
import { byKey, contractEntries, contractsOf } from './mine.ts';
import type { Reading } from './mine.ts';

const API_FIELDS = FIELDS['Api'] ?? [];
const ASSET = API_FIELDS.indexOf('metadata.asset');
const VERSION = API_FIELDS.indexOf('metadata.version');
const LIFECYCLE = API_FIELDS.indexOf('metadata.lifecycle');
const SPECIFICATION = API_FIELDS.indexOf('metadata.specification');
const MOST_VERSIONS = 100;
const MOST_CONTRACTS = 100;

/** All that the catalog tells of one API. @throws RpcError where the caller sees none of this key */
export async function describeApi(
  key: ResourceKey,
  reading: Reading,
): Promise<MessageInitShape<typeof CatalogApiSchema>> {
  const { index, registry, rights } = reading;
  const entry = index.get(keyText(key));
  if (entry === undefined || !rights.sees(entry)) throw notThere(key);
  const specification = specificationOf(entry, index, rights);
  const bindings = bindingsOf(entry, index);
  const wanted = [entry, ...bindings, ...(specification === undefined ? [] : [specification])];
  const found = await byKey(registry, wanted.map(keyText));
  const api = found.get(keyText(entry));
  if (api === undefined) throw notThere(key);
  const { document } = api;
  const policies = [
    ...listAt(document, 'spec.policies'),
    ...bindings.map((binding) => valueAt(found.get(keyText(binding))?.document, ['spec'])),
  ];
  const contracts = contractsOf(reading, {
    application: '',
    api: `${key.namespace}/${key.name}`,
    contract: '',
    waiting: false,
  });
  return {
    entry: entryMessage(entry, document, rights.objectOf(entry, entry.facts).team),
    hosts: listAt(document, 'spec.hosts').filter((host) => typeof host === 'string'),
    publicUrl: textAt(document, 'spec.publicUrl'),
    tiers: [...tierMessages(document)],
    ...termsOf(document),
    authentication: authenticationWays(policies),
    ...(specification !== undefined && {
      specification: {
        namespace: specification.namespace,
        name: specification.name,
        format: textAt(found.get(keyText(specification))?.document, 'spec.format'),
        bytes: Buffer.byteLength(textAt(found.get(keyText(specification))?.document, 'spec.text')),
        revision: BigInt(specification.revision),
      },
    }),
    versions: versionsOf(entry, index, rights),
    contracts: await contractEntries(contracts.slice(0, MOST_CONTRACTS), reading),
    closed: whyNoNewContract(api, undefined) ?? '',
    revision: BigInt(api.revision),
    changedAt: timestampFromMs(api.at),
  };
}

function termsOf(document: unknown): Pick<MessageInitShape<typeof CatalogApiSchema>, 'terms'> {
  const terms = termsMessage(document);
  return terms === undefined ? {} : { terms };
}

/** @returns undefined: it has none, or one that the caller does not see */
function specificationOf(entry: Entry, index: ResourceIndex, rights: Rights): Entry | undefined {
  const name = entry.facts.fields[SPECIFICATION];
  if (name === undefined) return undefined;
  const found = index.get(keyText({ kind: 'Specification', namespace: entry.namespace, name }));
  return found !== undefined && rights.sees(found) ? found : undefined;
}

/** Those that apply to an API. */
function bindingsOf(entry: Entry, index: ResourceIndex): readonly Entry[] {
  const naming = [...index.referring(keyText(entry))].filter(({ kind }) => kind === 'PolicyBinding');
  const selecting = [...new Set([entry.namespace, PLATFORM_NAMESPACE])].flatMap((namespace) =>
    [...index.holding(`selects ${namespace}`)].filter(({ facts }) => hasLabels(entry.facts, facts.selector ?? {})),
  );
  return [...naming, ...selecting];
}

/** The versions of the same thing, as far as the caller sees them. */
function versionsOf(
  entry: Entry,
  index: ResourceIndex,
  rights: Rights,
): MessageInitShape<typeof CatalogVersionSchema>[] {
  const assetOf = ({ name, facts }: Entry): string => facts.fields[ASSET] ?? name;
  const asset = assetOf(entry);
  return index
    .ofKind('Api')
    .filter((each) => each.namespace === entry.namespace && assetOf(each) === asset && rights.sees(each))
    .toSorted((a, b) => compareVersions(b.facts.fields[VERSION] ?? '', a.facts.fields[VERSION] ?? ''))
    .slice(0, MOST_VERSIONS)
    .map(({ namespace, name, facts: { fields } }) => {
      return { namespace, name, version: fields[VERSION] ?? '', lifecycle: fields[LIFECYCLE] ?? '' };
    });
}

/** As people count: v10 comes after v9. */
function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
