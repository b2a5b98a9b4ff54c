import type { ContractJson } from '../../../../gen/ostiary/v1/contracts_pb.js';

const part = encodeURIComponent;

export function contractHref(contract: Pick<ContractJson, 'namespace' | 'name'> | undefined): string {
  return `/contracts/${part(contract?.namespace ?? '')}/${part(contract?.name ?? '')}`;
}

export function applicationHref(namespace: string | undefined, name: string | undefined): string {
  return `/applications/${part(namespace ?? '')}/${part(name ?? '')}`;
}

export function apiHref(namespace: string | undefined, name: string | undefined): string {
  return `/catalog/${part(namespace ?? '')}/${part(name ?? '')}`;
}
