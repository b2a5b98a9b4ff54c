import { signingKey } from './issuer.ts';

// Three issuers of one policy, whose keys have the same id.

export const A = 'https://a.example.com/';
export const B = 'https://b.example.com/';
export const ENTRA = 'https://login.example.com/{tenantid}/v2.0';
export const keyA = await signingKey('RS256', 'k1');
export const keyB = await signingKey('ES256', 'k1');
export const keyC = await signingKey('RS256', 'k1');
export const jwk = (key: typeof keyA): string => JSON.stringify(key.jwk);
export const SECRET = 'a secret of enough bytes for a hash of 256 bits';

export const ofA = { issuer: A, textKey: jwk(keyA), audience: 'orders' };
export const ofB = { issuer: B, textKey: jwk(keyB), algorithms: ['ES256'], audience: ['stock', 'orders-b'] };
export const ofTenants = { issuer: ENTRA, textKey: jwk(keyC), tenantClaim: 'tid', audience: 'orders' };
