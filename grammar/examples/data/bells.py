def ring(times):
    return ["ding"] * times


class Bell:
    def hang(self, where):
        self.where = where
