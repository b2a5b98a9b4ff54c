import type { Catalogue, Entry } from './catalogue.ts';
import { PLATFORM_NAMESPACE } from '../document/names.ts';
import { hasApi, hasLabels, isEverything, isOfNamespaces } from './scope.ts';
import type { Scope } from './scope.ts';

/** Whether a sidecar of a scope needs a resource: an API of the scope, or what belongs to one. */
export type Membership = (entry: Entry) => boolean;

export function membershipOf(scope: Scope, catalogue: Catalogue): Membership {
  const isInNamespace = ({ namespace }: Entry): boolean =>
    scope.namespaces.length === 0 || scope.namespaces.includes(namespace);
  const isOwn = ({ kind, namespace, name, labels }: Entry): boolean =>
    kind === 'Api' && hasApi(scope, { namespace, name }, labels);
  const namesOwn = ({ refersTo }: Entry): boolean =>
    refersTo.some((key) => {
      const target = catalogue.get(key);
      return target !== undefined && isOwn(target);
    });
  const selectsOwn = ({ namespace, selects }: Entry): boolean => {
    if (selects === undefined) return false;
    for (const api of catalogue.apisFor(namespace)) if (isOwn(api) && hasLabels(api.labels, selects)) return true;
    return false;
  };
  const isForOwn = (entry: Entry): boolean => namesOwn(entry) || selectsOwn(entry);
  const isNamedByMember = (entry: Entry): boolean => {
    for (const referrer of catalogue.referrersOf(entry.key)) if (isForOwn(referrer)) return true;
    return false;
  };
  const isParty = (entry: Entry): boolean => (isOfNamespaces(scope) && isInNamespace(entry)) || isNamedByMember(entry);
  /** Nobody gets a Secret but those who need it. */
  const isNeeded = (secret: Entry): boolean => {
    for (const referrer of catalogue.referrersOf(secret.key)) {
      if (
        isEverything(scope) ||
        (referrer.kind === 'Webhook' ? isParty(referrer) : isOwn(referrer) || isForOwn(referrer))
      )
        return true;
    }
    return false;
  };
  if (isEverything(scope)) return (entry) => entry.kind !== 'Secret' || isNeeded(entry);
  return (entry) => {
    switch (entry.kind) {
      case 'Api':
        return isOwn(entry);
      case 'Contract':
      case 'PolicyBinding':
      case 'Alert':
        return isForOwn(entry);
      case 'ClientApplication':
      case 'Webhook':
        return isParty(entry);
      case 'Secret':
        return isNeeded(entry);
      case 'Configuration':
        // One holds for all.
        return true;
      default:
        return isInNamespace(entry) || entry.namespace === PLATFORM_NAMESPACE;
    }
  };
}
