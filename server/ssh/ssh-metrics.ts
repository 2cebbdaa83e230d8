/** What is counted of dialling in. */
export interface SshMetrics {
  authenticated(result: 'ok' | 'refused' | 'too-many-tries'): void;
  tunnelOpened(): void;
  tunnelClosed(reason: string): void;
  forwardRefused(): void;
  takeover(): void;
}
