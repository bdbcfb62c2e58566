/** Everything that was made. */
export function GenerationsView({ isShown }: { isShown: boolean }) {
  return (
    <section className="page" aria-hidden={!isShown}>
      <h1 tabIndex={-1}>Generations</h1>
    </section>
  );
}
