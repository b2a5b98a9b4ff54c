/** Placeholder of the interface: the JWT module fills it. */
export interface KeySets {}
