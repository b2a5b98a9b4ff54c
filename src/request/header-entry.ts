/** A header's lower-case name and its value. */
export type HeaderEntry = readonly [name: string, value: string];
