/** Writing the prompt by hand. */
export function StudioView({ isShown }: { isShown: boolean }) {
  return (
    <section className="page" aria-hidden={!isShown}>
      <h1 tabIndex={-1}>Studio</h1>
    </section>
  );
}
