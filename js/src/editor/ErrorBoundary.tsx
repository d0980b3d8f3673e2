import { Component, type ReactNode } from "react";

interface State {
  error: Error | null;
}

/** Says what went wrong instead of leaving the cell blank; a new document (`resetKey`) gets a new try. */
export class ErrorBoundary extends Component<{ resetKey: unknown; children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override componentDidUpdate(previous: { resetKey: unknown }): void {
    if (this.state.error && previous.resetKey !== this.props.resetKey) this.setState({ error: null });
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <p className="pf-root pf-failure" role="alert">
        This flow could not be drawn: {error.message}. The flow itself is not harmed; running the cell again draws it
        anew.
      </p>
    );
  }
}
