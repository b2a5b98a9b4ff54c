import type { RequestRequest } from '../../gen/ostiary/v1/contracts_pb.js';
import { API_VERSION } from '../document/schema.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import { keyText } from '../registry/conflict.ts';
import type { Author, Resource, ResourceKey } from '../registry/log.ts';
import { remedyOf, statusOf, tiersOf } from './contract-states.ts';
import { lifecycleOf, refuseNewContract } from './contract-terms.ts';
import type { CurrentIndex } from './current-index.ts';
import { keyNamed, keyReferred, writeOne } from './editing.ts';
import type { Edited, EditingPorts } from './editing.ts';
import type { PlacedFault } from './naming.ts';
import { namespaceOr } from './resource-messages.ts';

export interface RequestingPorts extends EditingPorts {
  readonly index: CurrentIndex;
}

type Asked = Pick<RequestRequest, 'namespace' | 'name' | 'clientApplication' | 'api' | 'tier' | 'dryRun'>;

/**
 * Makes a contract: approved where its tier approves at once, else pending.
 * @throws RpcError
 */
export async function requestContract(
  { namespace, name, clientApplication, api, tier, dryRun }: Asked,
  author: Author,
  ports: RequestingPorts,
): Promise<{ readonly key: ResourceKey; readonly edited: Edited }> {
  const own = namespaceOr(namespace);
  const clientKey = keyReferred('ClientApplication', own, clientApplication, 'client_application');
  const apiKey = keyReferred('Api', own, api, 'api');
  const key = keyNamed('Contract', { namespace, name: name === '' ? nameOf(clientKey, apiKey) : name });
  await refuseTwin(key, clientKey, apiKey, ports);
  const [found] = await ports.registry.resources([apiKey]);
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
  const edited = await writeOne(ports, written, { author, dryRun, expectedRevision: 0 });
  return { key, edited: { ...edited, warnings: [...warnings, ...edited.warnings] } };
}

function nameOf(client: ResourceKey, api: ResourceKey): string {
  return `${client.name}-${api.name}`;
}

/** A client application has one contract with an API. @throws RpcError */
async function refuseTwin(
  key: ResourceKey,
  client: ResourceKey,
  api: ResourceKey,
  { registry, index: current }: RequestingPorts,
): Promise<void> {
  const { index } = await current.current();
  const both = index.referringToBoth(keyText(client), keyText(api));
  const same = [...both].filter(({ kind }) => kind === 'Contract');
  const twin = same[0] ?? index.get(keyText(key));
  if (twin === undefined) return;
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
