import type { Handlers } from './answer.ts';
import { apiTokenHandlers, type ApiTokenServices } from './api-token-command.ts';
import { auditHandlers, type AuditServices } from './audit-command.ts';
import { certHandlers, type CertServices } from './cert-command.ts';
import { envHandlers, type EnvServices } from './env-commands.ts';
import { gateHandlers } from './gate-commands.ts';
import { gateEntryHandlers } from './gate-entry-commands.ts';
import type { GateServices } from './gate-services.ts';
import { grantHandlers } from './grant-commands.ts';
import { importHandlers, type ImportServices } from './import-command.ts';
import { jumpSessionHandlers } from './jump-session-commands.ts';
import { keyHandlers, type KeyServices } from './key-commands.ts';
import { loginHandlers } from './login-command.ts';
import { passwordHandlers } from './password-commands.ts';
import { sessionHandlers } from './session-commands.ts';
import { shareHandlers } from './share-commands.ts';
import { sshConfigHandlers } from './ssh-config-command.ts';
import { targetCertHandlers, type TargetCertServices } from './target-cert-command.ts';
import { targetHandlers } from './target-commands.ts';
import { targetProfileHandlers } from './target-profile-commands.ts';
import { tokenHandlers } from './token-commands.ts';
import type { VisitServices } from './visit-services.ts';

/** What the commands need, by what they are about. */
export interface AdminServices {
  readonly keys: KeyServices;
  readonly imports: ImportServices;
  readonly env: EnvServices;
  readonly cert: CertServices;
  readonly audit: AuditServices;
  readonly visit: VisitServices;
  readonly gate: GateServices;
  readonly targetCert: TargetCertServices;
  readonly apiToken: ApiTokenServices;
}

/** A handler for every command of the table in `core/commands.ts`: whoever adds one there adds its handler here. */
export function adminHandlers(services: AdminServices): Handlers {
  return {
    ...keyHandlers(services.keys),
    ...importHandlers(services.imports),
    ...envHandlers(services.env),
    ...certHandlers(services.cert),
    ...auditHandlers(services.audit),
    ...shareHandlers(services.visit),
    ...tokenHandlers(services.visit),
    ...passwordHandlers(services.visit),
    ...loginHandlers(services.visit),
    ...sessionHandlers(services.visit),
    ...targetHandlers(services.gate),
    ...targetProfileHandlers(services.gate),
    ...gateHandlers(services.gate),
    ...gateEntryHandlers(services.gate),
    ...grantHandlers(services.gate),
    ...jumpSessionHandlers(services.gate),
    ...sshConfigHandlers(services.gate),
    ...targetCertHandlers(services.targetCert),
    ...apiTokenHandlers(services.apiToken),
  };
}
