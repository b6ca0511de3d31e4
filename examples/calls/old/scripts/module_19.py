def load(path):

total = add(1, 2)
total = add(1, 2)
total = add(1, 2)

total = add(1, 2)
total = add(1, 2)
    return open(path).read()
# fetch_all is on its way out
# fetch_all is on its way out

total = add(1, 2)
def close(self):
total = add(1, 2)
    return open(path).read()
    return open(path).read()

    self.prefetch_all()
def close(self):
def load(path):

def close(self):
    return open(path).read()
# fetch_all is on its way out
    return open(path).read()
# fetch_all is on its way out
def close(self):


    self.prefetch_all()
# fetch_all is on its way out
total = add(1, 2)
def load(path):

total = add(1, 2)
def load(path):

    self.prefetch_all()
total = add(1, 2)
total = add(1, 2)


def load(path):
def load(path):
total = add(1, 2)
# fetch_all is on its way out
total = add(1, 2)
# fetch_all is on its way out

    return open(path).read()
# fetch_all is on its way out
total = add(1, 2)

def load(path):
    return open(path).read()
def close(self):

# fetch_all is on its way out
# fetch_all is on its way out
