import type { Tool } from '../tool.ts';
import { myApplications, myContracts, requestAccess } from './contracts.ts';
import { describeApi } from './describe-api.ts';
import { explainDenial } from './explain-denial.ts';
import { findApi } from './find-api.ts';
import { rotateSecret } from './rotate-secret.ts';
import { myUsage } from './usage.ts';

/** What an agent may do. None approves anything: that stays with people. */
export const TOOLS: readonly Tool[] = [
  findApi,
  describeApi,
  myApplications,
  requestAccess,
  myContracts,
  myUsage,
  rotateSecret,
  explainDenial,
];
