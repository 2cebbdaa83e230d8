/** The part of a tap test that fixtures need: to close what they open, and to tell what a peer said when something failed. */
export interface TestScope {
  teardown(action: () => unknown): void;
  passing(): boolean;
  comment(...words: unknown[]): void;
}
