"""The line between a browser and the set, which a test can cut."""
import selectors
import socket
import threading
import urllib.parse


class Line:
    """Passes bytes on until it is cut; then every connection breaks, and new ones do."""

    def __init__(self, url):
        address = urllib.parse.urlsplit(url)
        self.target = (address.hostname, address.port)
        self.is_cut = False
        self.open = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            far = socket.create_connection(self.target)
            self.open |= {near, far}
            threading.Thread(target=self.carry, args=(near, far), daemon=True).start()

    def carry(self, near, far):
        ends = {near: far, far: near}
        with selectors.DefaultSelector() as selector:
            for end in ends:
                selector.register(end, selectors.EVENT_READ)
            try:
                while True:
                    for key, _ in selector.select():
                        data = key.fileobj.recv(65536)
                        if not data:
                            return
                        ends[key.fileobj].sendall(data)
            except OSError:
                return
            finally:
                for end in ends:
                    self.open.discard(end)
                    end.close()

    def cut(self):
        self.is_cut = True
        for one in list(self.open):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def mend(self):
        self.is_cut = False

    def close(self):
        self.cut()
        self.listener.close()
