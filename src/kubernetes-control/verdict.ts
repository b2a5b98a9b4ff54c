import { faultsText } from '../crd/object-fault.ts';
import type { ObjectFault } from '../crd/object-fault.ts';
import type { ResourceKey } from '../registry/log.ts';
import type { WriteFault } from './resources.ts';

/** What one condition says. */
export interface Verdict {
  readonly isTrue: boolean;
  /** In CamelCase. */
  readonly reason: string;
  readonly message: string;
}

/** What is known of an object, as it was looked at last. */
export interface Judgement {
  /** Of the object that was looked at. */
  readonly generation: number;
  readonly accepted: Verdict;
  readonly resolved: Verdict;
  /** What of it is in the log: of this generation, or of one before where this was not accepted; undefined: nothing is. */
  readonly resource: (ResourceKey & { readonly revision: number }) | undefined;
  /** Whether the log has it as this generation says. */
  readonly isWritten: boolean;
}

export const ACCEPTED: Verdict = { isTrue: true, reason: 'Accepted', message: 'The object is valid' };
export const RESOLVED: Verdict = { isTrue: true, reason: 'ResolvedRefs', message: 'All that it names is there' };

/** What contradicts an object, by the condition that it makes False. */
export function verdictsOf(faults: readonly ObjectFault[]): Pick<Judgement, 'accepted' | 'resolved'> {
  const of = (condition: ObjectFault['condition'], good: Verdict): Verdict => {
    const own = faults.filter((fault) => fault.condition === condition);
    const [first] = own;
    return first === undefined ? good : { isTrue: false, reason: first.reason, message: faultsText(own) };
  };
  return { accepted: of('Accepted', ACCEPTED), resolved: of('ResolvedRefs', RESOLVED) };
}

/** By kind, the fields that name other resources. */
const REFERENCES: Readonly<Record<string, RegExp>> = {
  PolicyBinding: /^spec\.targetRef/,
  Contract: /^spec\.(?:api|clientApplication|tier)$/,
  Alert: /^spec\.(?:api|notify|filter\.client)\b/,
};
const SECRET = /\bSecret\b.*\b(?:no key|does not exist|is not there|there is no|has faults)|no Secret/;
const PLACE = /^spec\.(?:hosts|basePath|publicUrl)\b/;

/** The same of what the control plane found. */
export function verdictsOfWrite(
  kind: string,
  own: string,
  faults: readonly WriteFault[],
): Pick<Judgement, 'accepted' | 'resolved'> {
  const text = (some: readonly WriteFault[]): string => {
    const told = some.slice(0, 5).map(({ resource, field, message }) => {
      const where = resource === own ? field : `${resource}${field === '' ? '' : ` ${field}`}`;
      return where === '' ? message : `${where}: ${message}`;
    });
    return told.join('; ') + (some.length > 5 ? `; and ${some.length - 5} more` : '');
  };
  const isReference = ({ resource, field, message }: WriteFault): boolean =>
    resource === own && (REFERENCES[kind]?.test(field) === true || SECRET.test(message));
  const refs = faults.filter(isReference);
  const others = faults.filter((fault) => !isReference(fault));
  const isPlace = others.length > 0 && others.every(({ field, resource }) => resource === own && PLACE.test(field));
  return {
    accepted:
      others.length === 0
        ? ACCEPTED
        : { isTrue: false, reason: isPlace ? 'PlaceTaken' : 'Invalid', message: text(others) },
    resolved: refs.length === 0 ? RESOLVED : { isTrue: false, reason: 'RefNotFound', message: text(refs) },
  };
}
