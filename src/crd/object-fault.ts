/** Why no document is made of an object. */
export interface ObjectFault {
  /** In the object, such as `spec.tiers[0].limits`; empty: the object as a whole. */
  readonly field: string;
  /** What is wrong, and the remedy. No secret is in it. */
  readonly message: string;
  /** The condition that is False by it, and its reason. */
  readonly condition: 'Accepted' | 'ResolvedRefs';
  readonly reason: 'Invalid' | 'SecretNotFound' | 'RefNotPermitted';
}

export function invalid(field: string, message: string): ObjectFault {
  return { field, message, condition: 'Accepted', reason: 'Invalid' };
}

export function secretNotFound(field: string, message: string): ObjectFault {
  return { field, message, condition: 'ResolvedRefs', reason: 'SecretNotFound' };
}

export function notPermitted(field: string, message: string): ObjectFault {
  return { field, message, condition: 'ResolvedRefs', reason: 'RefNotPermitted' };
}

/** All faults in one text, such as a condition's message. */
export function faultsText(faults: readonly ObjectFault[], most = 5): string {
  const told = faults.slice(0, most).map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
  const rest = faults.length - told.length;
  return told.join('; ') + (rest > 0 ? `; and ${rest} more` : '');
}
