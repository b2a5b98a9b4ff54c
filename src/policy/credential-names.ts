/** The credential of every policy that takes `authorization: Bearer …` (RFC 6750, 2.1). */
export const BEARER_HEADER = 'authorization: Bearer';

/** The credential of every policy that takes `authorization: Basic …` (RFC 7617). */
export const BASIC_HEADER = 'authorization: Basic';
