import type { RequestRequest } from '../../gen/ostiary/v1/contracts_pb.js';
import type { Caller } from '../access/caller.ts';
import { API_VERSION } from '../document/schema.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource, ResourceKey } from '../registry/log.ts';
import { remedyOf, statusOf, tiersOf } from './contract-states.ts';
import { lifecycleOf, refuseNewContract } from './contract-terms.ts';
import { keyNamed, keyReferred, writeOne } from './editing.ts';
import type { Edited, EditingPorts } from './editing.ts';
import type { PlacedFault } from './naming.ts';
import type { ResourceIndex } from './resource-index.ts';
import { namespaceOr } from './resource-messages.ts';
import { Rights } from './rights.ts';
import { authorOf } from './write-options.ts';

export type RequestingPorts = EditingPorts;

type Asked = Pick<RequestRequest, 'namespace' | 'name' | 'clientApplication' | 'api' | 'tier' | 'dryRun' | 'reason'>;

/**
 * Makes a contract: approved where its tier approves at once, else pending.
 * @throws RpcError
 */
export async function requestContract(
  { namespace, name, clientApplication, api, tier, dryRun, reason }: Asked,
  caller: Caller,
  ports: RequestingPorts,
): Promise<{ readonly key: ResourceKey; readonly edited: Edited }> {
  const own = namespaceOr(namespace);
  const clientKey = keyReferred('ClientApplication', own, clientApplication, 'client_application');
  const apiKey = keyReferred('Api', own, api, 'api');
  const key = keyNamed('Contract', { namespace, name: name === '' ? nameOf(clientKey, apiKey) : name });
  const author = authorOf(caller, reason);
  const { index } = await ports.index.current();
  const rights = new Rights(caller, index);
  const [client, wanted] = [clientKey, apiKey].map((each) => index.get(keyText(each)));
  // What the caller may not know of is as if it were not there: the checks of the write tell.
  if (client !== undefined && rights.sees(client)) {
    const { team: applicant } = rights.objectOf(client, client.facts);
    rights.require('request', { ...key, team: '', applicant }, `may not ask for a contract of ${keyText(clientKey)}`);
  }
  const isKnown = wanted !== undefined && rights.sees(wanted);
  await refuseTwin({ key, clientKey, apiKey }, rights, index, ports);
  const [found] = isKnown ? await ports.registry.resources([apiKey]) : [];
  // The checks of the write tell of an API that is not there.
  const warnings = found === undefined ? [] : termsOf(found, tier, key);
  const document = {
    apiVersion: API_VERSION,
    kind: 'Contract',
    metadata: { name: key.name, ...(namespace !== '' && { namespace }) },
    spec: { clientApplication, api, ...(tier !== '' && { tier }) },
  };
  const status = statusOf(document, found?.document);
  const written = { ...document, spec: { ...document.spec, status } };
  const edited = await writeOne(ports, written, {
    author,
    by: caller,
    verbs: ['request'],
    dryRun,
    expectedRevision: 0,
  });
  return { key, edited: { ...edited, warnings: [...warnings, ...edited.warnings] } };
}

function nameOf(client: ResourceKey, api: ResourceKey): string {
  return `${client.name}-${api.name}`;
}

/** A client application has one contract with an API. @throws RpcError */
async function refuseTwin(
  { key, clientKey: client, apiKey: api }: Readonly<Record<'key' | 'clientKey' | 'apiKey', ResourceKey>>,
  rights: Rights,
  index: ResourceIndex,
  { registry }: RequestingPorts,
): Promise<void> {
  const both = index.referringToBoth(keyText(client), keyText(api));
  const same = [...both].filter(({ kind }) => kind === 'Contract');
  const twin = same[0] ?? index.get(keyText(key));
  if (twin === undefined) return;
  if (!rights.sees(twin)) throw new RpcError(Code.alreadyExists, `${keyText(key)} can't be made: give it another name`);
  const [[contract], [found]] = await Promise.all([registry.resources([twin]), registry.resources([api])]);
  const status = statusOf(contract?.document, found?.document);
  const what = same.length > 0 ? `is between ${client.name} and ${api.name} already` : 'has this name already';
  const remedy = same.length > 0 ? remedyOf(status) : 'give the new one another name';
  throw new RpcError(Code.alreadyExists, `${keyText(twin)} ${what}, and is ${status}: ${remedy}`);
}

/** What whoever asks should know. @throws RpcError where the API takes no new contracts */
function termsOf(api: Resource, tier: string, key: ResourceKey): readonly PlacedFault[] {
  refuseNewContract(api, tier === '' ? undefined : tier);
  const warn = (field: string, message: string): PlacedFault => {
    return { file: keyText(key), line: 0, column: 0, field, message, severity: 'warning', place: 0 };
  };
  const warnings: PlacedFault[] = [];
  if (lifecycleOf(api.document) === 'deprecated') {
    warnings.push(warn('spec.api', `${keyText(api)} is deprecated: look for the one that takes its place`));
  }
  const tiers = tiersOf(api.document).filter(({ deprecated }) => !deprecated);
  if (tier === '' && tiers.length > 0) {
    const names = tiers.map(({ name }) => name).join(', ');
    warnings.push(warn('spec.tier', `the API has tiers, and this contract names none of them: ${names}`));
  }
  return warnings;
}
