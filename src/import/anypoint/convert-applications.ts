import { clientId as clientIdSchema } from '../../document/fields.ts';
import { API_VERSION } from '../../document/schema.ts';
import type { Fields } from '../remarks.ts';
import type { Existing, Named } from './existing.ts';
import { byId, Names, slugOf } from './naming.ts';
import type { Application, Organization } from './organization.ts';

/** A secret that was made, since theirs can't be read. */
export interface NewSecret extends Named {
  readonly clientId: string;
  readonly secret: string;
  /** Who is to get it; may be empty. */
  readonly owners: readonly string[];
}

export interface ConvertedApplications {
  readonly documents: readonly Fields[];
  /** Those that are there already. */
  readonly kept: readonly Fields[];
  readonly newSecrets: readonly NewSecret[];
  readonly leftOut: readonly string[];
  /** By their ids there. */
  readonly byId: ReadonlyMap<string, Named>;
}

export interface ApplicationPorts {
  readonly namespace: string;
  readonly existing: Existing;
  readonly newSecret: () => string;
  readonly hashOf: (secret: string) => { readonly salt: string; readonly sha256: string };
}

/** Client applications. One that is there already, by its client id, stays as it is, with the secrets that it has. */
export function convertApplications(
  organization: Organization,
  { namespace, existing, newSecret, hashOf }: ApplicationPorts,
): ConvertedApplications {
  const names = new Names(existing.namesOf('ClientApplication', namespace));
  const documents: Fields[] = [];
  const newSecrets: NewSecret[] = [];
  const leftOut: string[] = [];
  const kept: Fields[] = [];
  const found = new Map<string, Named>();
  const seen = new Map<string, string>();
  for (const application of [...allOf(organization)].toSorted(byId)) {
    const { id, name: given, clientId, description, clientSecret, secretHash } = application;
    const place = `application ${JSON.stringify(given.slice(0, 100))} (${id})`;
    if (clientId === undefined || !clientIdSchema.safeParse(clientId).success) {
      leftOut.push(`${place}: its client id ${clientId === undefined ? 'was not told' : 'can not be one here'}`);
      continue;
    }
    const twin = seen.get(clientId);
    if (twin !== undefined) {
      leftOut.push(`${place}: ${twin} has the same client id`);
      continue;
    }
    seen.set(clientId, place);
    const known = existing.application(clientId);
    if (known !== undefined) {
      found.set(id, known);
      kept.push(known.document);
      continue;
    }
    const own = { namespace, name: names.take(slugOf(given), `${slugOf(given)}-${id}`) };
    found.set(id, own);
    const told = secretHash ?? (clientSecret === undefined || clientSecret === '' ? undefined : hashOf(clientSecret));
    const made = told === undefined ? newSecret() : undefined;
    if (made !== undefined) newSecrets.push({ ...own, clientId, secret: made, owners: ownersOf(application) });
    documents.push({
      apiVersion: API_VERSION,
      kind: 'ClientApplication',
      metadata: {
        name: own.name,
        ...(namespace !== 'default' && { namespace }),
        ...(given !== '' && given !== own.name && { displayName: given.slice(0, 253) }),
        ...(description !== undefined && description !== '' && { description: description.slice(0, 4096) }),
        annotations: { 'anypoint.mulesoft.com/application': id },
      },
      spec: { clientId, clientSecret: told ?? hashOf(made ?? '') },
    });
  }
  return { documents, kept, newSecrets, leftOut, byId: found };
}

/** Those of Exchange, and those that contracts tell alone: their client id is what contracts call their core services id. */
function allOf({ applications, environments }: Organization): Iterable<Application> {
  const all = new Map(applications.map((application) => [application.id, application]));
  for (const { apis } of environments) {
    for (const { contracts } of apis) {
      for (const { application } of contracts) {
        if (!application) continue;
        const known = all.get(application.id);
        const clientId = known?.clientId ?? application.coreServicesId;
        all.set(application.id, {
          description: undefined,
          clientSecret: undefined,
          url: undefined,
          ...application,
          ...known,
          clientId,
        });
      }
    }
  }
  return all.values();
}

function ownersOf({ owners }: Application): readonly string[] {
  return (owners ?? []).flatMap(({ email, username }) => email ?? username ?? []);
}
