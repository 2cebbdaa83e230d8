import type { Case } from './cases/case.ts';
import { fairness, fairnessOfMany } from './cases/fairness.ts';
import { gate, gateSessions } from './cases/gate.ts';
import { idleTunnels1000, idleTunnels5000 } from './cases/idle-tunnels.ts';
import { latency } from './cases/latency.ts';
import { loginsWithCertificate, loginsWithKey } from './cases/logins.ts';
import { privatePreview } from './cases/private-preview.ts';
import { revokeToCut } from './cases/revoke-to-cut.ts';
import { newConnections, smallHttp, smallHttps } from './cases/small-responses.ts';
import { stalledDownloads } from './cases/stalled-downloads.ts';
import { downloadHundredMegabytes, downloadMegabyte, uploadHundredMegabytes } from './cases/transfers.ts';

/** Everything that is measured, in the order of the report. */
export const cases: readonly Case[] = [
  smallHttp,
  smallHttps,
  newConnections,
  privatePreview,
  latency,
  downloadMegabyte,
  downloadHundredMegabytes,
  uploadHundredMegabytes,
  fairness,
  fairnessOfMany,
  loginsWithKey,
  loginsWithCertificate,
  revokeToCut,
  gate,
  gateSessions,
  stalledDownloads,
  idleTunnels1000,
  idleTunnels5000,
];
