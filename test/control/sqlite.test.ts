import { describe } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { scratchFolder } from '../real/scratch.ts';
import { appliesDocuments } from './applying.ts';
import { keepsContracts } from './contracting.ts';
import { decidesOnce } from './deciding-at-once.ts';
import { keepsSecrets } from './keeping-secrets.ts';
import { knowsOwners } from './owning.ts';
import { sealsSecrets } from './sealing-secrets.ts';
import { sharesPlaces } from './sharing-places.ts';
import { findsResources } from './finding.ts';
import { tellsResources } from './telling.ts';
import { watchesChanges } from './watching.ts';

describe('the services of resources on SQLite', () => {
  const newPlace: NewPlace = async () => ({ dataDir: scratchFolder('control'), databaseUrl: undefined });
  appliesDocuments(newPlace);
  tellsResources(newPlace);
  keepsContracts(newPlace);
  keepsSecrets(newPlace);
  decidesOnce(newPlace);
  findsResources(newPlace);
  knowsOwners(newPlace);
  sealsSecrets(newPlace);
  sharesPlaces(newPlace);
  watchesChanges(newPlace);
});
