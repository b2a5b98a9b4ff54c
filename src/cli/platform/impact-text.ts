import type { Concerned, Impact } from '../../../gen/ostiary/v1/resources_pb.js';
import { shown } from '../analytics/shown.ts';
import { whole } from '../analytics/units.ts';

const NAMED = 5;

/** `concerns 1 API (shop/orders), 2 clients (shop/web, …), 2 contracts and 3 sidecars`; empty: nobody. */
export function impactText(impact: Impact | undefined): string {
  const parts = [
    part(impact?.apis, 'API', 'APIs'),
    part(impact?.clients, 'client', 'clients'),
    part(impact?.contracts, 'contract', 'contracts'),
    part(impact?.sidecars, 'sidecar', 'sidecars'),
  ].filter((each) => each !== '');
  const last = parts.pop();
  if (last === undefined) return '';
  return `concerns ${parts.length === 0 ? last : `${parts.join(', ')} and ${last}`}`;
}

function part(concerned: Concerned | undefined, one: string, many: string): string {
  const { count = 0, names = [] } = concerned ?? {};
  if (count === 0) return '';
  const what = `${whole(count)} ${count === 1 ? one : many}`;
  if (names.length === 0) return what;
  const more = count > Math.min(names.length, NAMED) ? ', …' : '';
  return `${what} (${names.slice(0, NAMED).map(shown).join(', ')}${more})`;
}
